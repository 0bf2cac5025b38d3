package ldapcache

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rcptquota/rcptquota/test/servers"
)

func finds(int, string) reply { return reply{entry: "uid=x,dc=test"} }

// TestAServerThatIsDownIsLeftAlone has a hundred messages a second ask for two
// minutes.
func TestAServerThatIsDownIsLeftAlone(t *testing.T) {
	f := startFake(t, finds) // outside of the bubble, whose clock would stand still
	f.away.Store(true)
	synctest.Test(t, func(t *testing.T) {
		d := openFakes(t, 2*time.Second, f)
		begin := time.Now()
		var tried []time.Duration
		for time.Since(begin) < 2*time.Minute {
			for i := range 10 {
				start := time.Now()
				if _, err := d.Sender(t.Context(), fmt.Sprint("u", i)); !unavailable(err) || !strings.Contains(err.Error(), f.url()) {
					t.Fatal(err)
				}
				if waited := time.Since(start); waited > 0 {
					t.Fatalf("waited %v after %v", waited, start.Sub(begin))
				}
			}
			if n := int(f.connections.Load()); n > len(tried) {
				tried = append(tried, time.Since(begin).Round(time.Second))
			}
			pass(100 * time.Millisecond)
		}
		second := time.Second
		want := []time.Duration{0, second, 3 * second, 7 * second, 15 * second, 31 * second, 61 * second, 91 * second}
		if !slices.Equal(tried, want) {
			t.Errorf("connected after %v, want %v", tried, want)
		}
		if up := d.Stats().Servers[0].Up; up {
			t.Error("a server that is down is told to be up")
		}
	})
}

func TestASearchUnderWaySurvivesTheReturnOfTheFirstServer(t *testing.T) {
	t.Parallel()
	finish := make(chan struct{})
	d, two, slow := failBack(t, finish)
	close(finish)
	if err := <-slow; err != nil {
		t.Error(err)
	}
	if !servers.Wait(func() bool { return two.open.Load() == 0 }) {
		t.Error("the connection to the second server stays open")
	}
	if _, err := d.Sender(t.Context(), "quick"); err != nil {
		t.Error(err)
	}
}

func TestCloseEndsASearchOnTheSecondServer(t *testing.T) {
	t.Parallel()
	finish := make(chan struct{})
	d, _, slow := failBack(t, finish)
	defer close(finish)
	start := time.Now()
	if err := d.Close(); err != nil {
		t.Error(err)
	}
	if err := <-slow; !unavailable(err) || time.Since(start) > 5*time.Second {
		t.Errorf("%v after %v", err, time.Since(start))
	}
}

// failBack opens a directory whose first server is in use again while a search on
// the second is under way, until finish is closed.
func failBack(t *testing.T, finish <-chan struct{}) (d *LDAP, two *fake, slow <-chan error) {
	t.Helper()
	asked := make(chan struct{})
	one := startFake(t, func(_ int, filter string) reply {
		if asks(filter, "slow") {
			t.Error("the search under way is begun anew")
		}
		return finds(0, "")
	})
	two = startFake(t, func(_ int, filter string) reply {
		if asks(filter, "slow") {
			close(asked)
			<-finish
		}
		return finds(0, "")
	})
	one.away.Store(true)
	d = openFakes(t, 20*time.Second, one, two)
	answered := make(chan error, 1)
	go func() {
		_, err := d.Sender(t.Context(), "slow")
		answered <- err
	}()
	<-asked
	one.away.Store(false)
	if !servers.Wait(func() bool { return d.Stats().Servers[0].InUse }) {
		t.Error("the first server is not in use")
	}
	return d, two, answered
}

// TestAServerThatNeverFindsAnythingIsLeftAlone is about one that answers when it
// is connected to, and no search after that.
func TestAServerThatNeverFindsAnythingIsLeftAlone(t *testing.T) {
	t.Parallel()
	f := startFake(t, func(int, string) reply { return reply{never: true} })
	const timeout = 300 * time.Millisecond
	d := openFakes(t, timeout, f)
	start := time.Now()
	for i := range 50 {
		if _, err := d.Sender(t.Context(), fmt.Sprint("u", i)); !unavailable(err) {
			t.Error(err)
		}
	}
	if took := time.Since(start); took < timeout || took > timeout*10 {
		t.Errorf("fifty messages took %v", took)
	}
}

// TestAStalledHandshakeEndsInTime is about a server that agrees to StartTLS
// (RFC 4511 section 4.14.2) and says nothing more.
func TestAStalledHandshakeEndsInTime(t *testing.T) {
	t.Parallel()
	f := startFake(t, finds)
	d := openFakes(t, 200*time.Millisecond, f)
	d.client.startTLS = true
	start := time.Now()
	if _, err := d.Sender(t.Context(), "x"); !errors.Is(err, errNoAnswer) {
		t.Error(err)
	}
	if took := time.Since(start); took > 2*time.Second {
		t.Errorf("after %v", took)
	}
	if n := f.connections.Load(); n != 1 {
		t.Errorf("%d connections", n)
	}
}
