package failover

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	goldap "github.com/go-ldap/ldap/v3"

	"github.com/rcptquota/rcptquota/quota/conf"
	"github.com/rcptquota/rcptquota/test/servers"
)

// openFakes returns a client of fake servers.
func openFakes(t *testing.T, timeout time.Duration, fakes ...*servers.FakeLDAP) *Client {
	t.Helper()
	config := Config{Base: "dc=test", Timeout: conf.Duration{Duration: timeout}}
	for _, f := range fakes {
		config.Servers = append(config.Servers, f.URL())
	}
	c, err := New(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

var errNotFound = errors.New("not found")

// find searches for the entry of a login.
func find(t *testing.T, c *Client, login string) error {
	t.Helper()
	found, err := Answer(t.Context(), c, func(conn *goldap.Conn) (*goldap.SearchResult, error) {
		return conn.Search(goldap.NewSearchRequest("dc=test", goldap.ScopeWholeSubtree, goldap.NeverDerefAliases,
			0, 0, false, "(uid="+goldap.EscapeFilter(login)+")", []string{"uid"}, nil))
	})
	if err == nil && len(found.Entries) != 1 {
		err = errNotFound
	}
	return err
}

// failed reports that a search had no answer.
func failed(err error) bool { return err != nil && !errors.Is(err, errNotFound) }

// asks reports whether a filter looks for a login that begins so.
func asks(filter, login string) bool { return strings.HasPrefix(filter, "(uid="+login) }

func finds(int, string) servers.Reply { return servers.Reply{Entry: "uid=x,dc=test"} }

// TestAServerThatIsDownIsLeftAlone has a hundred messages a second ask for two
// minutes.
func TestAServerThatIsDownIsLeftAlone(t *testing.T) {
	f := servers.StartFakeLDAP(t, finds) // outside of the bubble, whose clock would stand still
	f.Away.Store(true)
	synctest.Test(t, func(t *testing.T) {
		d := openFakes(t, 2*time.Second, f)
		begin := time.Now()
		var tried []time.Duration
		for time.Since(begin) < 2*time.Minute {
			for i := range 10 {
				start := time.Now()
				if err := find(t, d, fmt.Sprint("u", i)); !failed(err) || !strings.Contains(err.Error(), f.URL()) {
					t.Fatal(err)
				}
				if waited := time.Since(start); waited > 0 {
					t.Fatalf("waited %v after %v", waited, start.Sub(begin))
				}
			}
			if n := int(f.Connections.Load()); n > len(tried) {
				tried = append(tried, time.Since(begin).Round(time.Second))
			}
			time.Sleep(100 * time.Millisecond) //nolint:forbidigo // costs no time
		}
		second := time.Second
		want := []time.Duration{0, second, 3 * second, 7 * second, 15 * second, 31 * second, 61 * second, 91 * second}
		if !slices.Equal(tried, want) {
			t.Errorf("connected after %v, want %v", tried, want)
		}
		if up := d.Servers()[0].Up; up {
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
	if !servers.Wait(func() bool { return two.Open.Load() == 0 }) {
		t.Error("the connection to the second server stays open")
	}
	if err := find(t, d, "quick"); err != nil {
		t.Error(err)
	}
}

func TestCloseEndsASearchOnTheSecondServer(t *testing.T) {
	t.Parallel()
	finish := make(chan struct{})
	d, _, slow := failBack(t, finish)
	defer close(finish)
	d.Close()
	if err := <-slow; !failed(err) {
		t.Error(err)
	}
}

// failBack opens a directory whose first server is in use again while a search on
// the second is under way, until finish is closed.
func failBack(t *testing.T, finish <-chan struct{}) (d *Client, two *servers.FakeLDAP, slow <-chan error) {
	t.Helper()
	asked := make(chan struct{})
	one := servers.StartFakeLDAP(t, func(_ int, filter string) servers.Reply {
		if asks(filter, "slow") {
			t.Error("the search under way is begun anew")
		}
		return finds(0, "")
	})
	two = servers.StartFakeLDAP(t, func(_ int, filter string) servers.Reply {
		if asks(filter, "slow") {
			close(asked)
			<-finish
		}
		return finds(0, "")
	})
	one.Away.Store(true)
	d = openFakes(t, time.Hour, one, two) // longer than the test may last
	answered := make(chan error, 1)
	go func() {
		err := find(t, d, "slow")
		answered <- err
	}()
	<-asked
	one.Away.Store(false)
	if !servers.Wait(func() bool { return d.Servers()[0].InUse }) {
		t.Error("the first server is not in use")
	}
	return d, two, answered
}

// TestAServerThatNeverFindsAnythingIsLeftAlone is about one that answers when it
// is connected to, and no search after that.
func TestAServerThatNeverFindsAnythingIsLeftAlone(t *testing.T) {
	t.Parallel()
	var asked atomic.Int32
	f := servers.StartFakeLDAP(t, func(int, string) servers.Reply {
		asked.Add(1)
		return servers.Reply{Never: true}
	})
	d := openFakes(t, 300*time.Millisecond, f)
	for i := range 50 {
		if err := find(t, d, fmt.Sprint("u", i)); !failed(err) {
			t.Error(err)
		}
	}
	if n := asked.Load(); n < 1 || n > 10 {
		t.Errorf("it was asked %d of fifty searches", n)
	}
}

// TestAStalledHandshakeEndsInTime is about a server that agrees to StartTLS
// (RFC 4511 section 4.14.2) and says nothing more.
func TestAStalledHandshakeEndsInTime(t *testing.T) {
	t.Parallel()
	f := servers.StartFakeLDAP(t, finds)
	d := openFakes(t, 200*time.Millisecond, f)
	d.startTLS = true
	if err := find(t, d, "x"); !errors.Is(err, errNoAnswer) {
		t.Error(err)
	}
	if n := f.Connections.Load(); n != 1 {
		t.Errorf("%d connections", n)
	}
}
