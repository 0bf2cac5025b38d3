//go:build servers

package ldapcache_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rcptquota/rcptquota/ldapcache"
	"github.com/rcptquota/rcptquota/quota"
	"github.com/rcptquota/rcptquota/test/servers"
)

func TestOutage(t *testing.T) {
	s := startSlapd(t)
	d := open(t, settings(s, s.URL()))
	await(t, d, "mdurand", "fresh", isFresh)
	s.Stop()
	for range 2 {
		if got, err := d.Sender(t.Context(), "mdurand"); !isKnown(got, err) || got.Stale == nil || !strings.Contains(got.Stale.Error(), s.URL()) {
			t.Errorf("known, in an outage: %+v, %v", got, err)
		}
		if _, err := d.Sender(t.Context(), "pmartin"); !isUnavailable(err) || !strings.Contains(err.Error(), s.URL()) {
			t.Errorf("unknown, in an outage: %v", err)
		}
	}
	s.Start()
	for _, login := range []string{"mdurand", "pmartin"} {
		await(t, d, login, "fresh after the outage", isFresh)
	}
	s.Stop()
	s.Start() // nobody asked in between
	if got, err := d.Sender(t.Context(), "mdurand"); !isFresh(got, err) {
		t.Errorf("after a restart: %+v, %v", got, err)
	}
}

func TestASilentServerCostsTheTimeout(t *testing.T) {
	s := startSlapd(t)
	const timeout = 300 * time.Millisecond
	for name, config := range map[string]ldapcache.Config{
		"anonymous": settings(s, s.URL()),
		"bind":      withBind(t, settings(s, s.URL()), s, s.Password()),
		"ldaps":     settings(s, s.SecureURL()),
		"StartTLS":  settings(s, s.URL()),
	} {
		t.Run(name, func(t *testing.T) {
			config.Timeout.Duration = timeout
			if name == "StartTLS" || name == "ldaps" {
				config.StartTLS = name == "StartTLS"
				config.CAFile = s.CAFile()
			}
			d := open(t, config)
			await(t, d, "mdurand", "found", func(_ quota.Sender, err error) bool { return err == nil })
			s.Freeze()
			defer s.Thaw()
			const messages = 50
			waited := 0
			sender := func(login string) (quota.Sender, error) {
				start := time.Now()
				defer func() {
					if time.Since(start) > timeout*9/10 {
						waited++
					}
				}()
				return d.Sender(t.Context(), login)
			}
			for i := range messages {
				got, err := sender("mdurand")
				if !isKnown(got, err) || got.Stale == nil {
					t.Errorf("known: %+v, %v", got, err)
				}
				_, err = sender(fmt.Sprint("nobody", i))
				if !isUnavailable(err) || !strings.Contains(err.Error(), config.Servers[0]) {
					t.Errorf("unknown: %v", err)
				}
			}
			if waited < 1 || waited > messages/5 {
				t.Errorf("%d of %d messages waited for the whole timeout", waited, 2*messages)
			}
			s.Thaw()
			await(t, d, "pmartin", "fresh", isFresh)
		})
	}
}

func TestASecondServerTakesOver(t *testing.T) {
	for name, f := range map[string]struct{ fail, restore func(*servers.Slapd) }{
		"stopped": {(*servers.Slapd).Stop, (*servers.Slapd).Start},
		"silent":  {(*servers.Slapd).Freeze, (*servers.Slapd).Thaw},
	} {
		t.Run(name, func(t *testing.T) {
			one, two := startSlapd(t), startSlapd(t)
			config := settings(one, one.URL(), two.URL())
			config.Timeout.Duration = 4 * time.Second
			t.Run("not connected before", func(t *testing.T) {
				f.fail(one)
				takenOver(t, open(t, config), two)
				f.restore(one)
			})
			d := open(t, config)
			await(t, d, "mdurand", "fresh", isFresh)
			inUse(t, d, one)
			f.fail(one)
			takenOver(t, d, two)
			two.Stop()
			if _, err := d.Sender(t.Context(), "nobody"); !isUnavailable(err) ||
				!strings.Contains(err.Error(), one.URL()) || !strings.Contains(err.Error(), two.URL()) {
				t.Errorf("without any server: %v", err)
			}
		})
	}
}

// takenOver wants the directory to answer from another server, and to leave the first
// alone.
func takenOver(t *testing.T, d ldapcache.Directory, by *servers.Slapd) {
	t.Helper()
	if _, err := d.Sender(t.Context(), "nobody"); !errors.Is(err, quota.ErrAbsent) {
		t.Error(err)
	}
	inUse(t, d, by)
	if got, err := d.Sender(t.Context(), "pmartin"); !isFresh(got, err) {
		t.Errorf("afterwards: %+v, %v", got, err)
	}
	if first := d.(*ldapcache.Cached).Stats().Servers[0]; first.Up || first.InUse {
		t.Errorf("the first server is still asked: %+v", first)
	}
}

// inUse wants the directory to ask the server, and to tell so.
func inUse(t *testing.T, d ldapcache.Directory, s *servers.Slapd) {
	t.Helper()
	for _, server := range d.(*ldapcache.Cached).Stats().Servers {
		if is := server.URL == s.URL(); server.InUse != is || is && !server.Up {
			t.Errorf("%+v, want %s in use", server, s.URL())
		}
	}
}

// TestTheFirstServerIsUsedAgain has look-ups all the time, while the first of two
// servers goes and comes back. None fails.
func TestTheFirstServerIsUsedAgain(t *testing.T) {
	one, two := startSlapd(t), startSlapd(t)
	d := open(t, settings(one, one.URL(), two.URL()))
	ctx, stop := context.WithCancel(t.Context())
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for ctx.Err() == nil {
				if got, err := d.Sender(t.Context(), "mdurand"); !isFresh(got, err) {
					t.Errorf("%+v, %v", got, err)
				}
			}
		})
	}
	uses := func(s *servers.Slapd) {
		t.Helper()
		if !servers.Wait(func() bool {
			for _, server := range d.(*ldapcache.Cached).Stats().Servers {
				if server.InUse {
					return server.URL == s.URL()
				}
			}
			return false
		}) {
			t.Errorf("%s is not in use", s.URL())
		}
	}
	uses(one)
	for range 2 {
		one.Stop()
		uses(two)
		one.Start()
		uses(one)
	}
	two.Stop()
	stop()
	all.Wait()
}

func TestCloseEndsALookup(t *testing.T) {
	s := startSlapd(t)
	d := open(t, settings(s, s.URL()))
	if _, err := d.Sender(t.Context(), "mdurand"); err != nil {
		t.Fatal(err)
	}
	s.Freeze()
	defer s.Thaw()
	ctx, leave := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer leave()
	if _, err := d.Sender(ctx, "pmartin"); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
	start := time.Now()
	if err := d.Close(); err != nil {
		t.Error(err)
	}
	if took := time.Since(start); took > maxWait/2 { // the look-up has nearly all of maxWait left
		t.Errorf("Close took %v", took)
	}
}

// link is a TCP relay to a server, whose next request it can cut off.
type link struct {
	net.Listener
	cut atomic.Bool
}

func newLink(t *testing.T, server string) *link {
	t.Helper()
	var config net.ListenConfig
	listener, err := config.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := &link{Listener: listener}
	var relays sync.WaitGroup
	relays.Go(func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			relays.Go(func() { l.relay(client, server) })
		}
	})
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
		relays.Wait()
	})
	return l
}

// relay carries one connection until either side ends it.
func (l *link) relay(client net.Conn, server string) {
	defer client.Close() //nolint:errcheck // perhaps closed already
	upstream, err := net.Dial("tcp", server)
	if err != nil {
		return
	}
	var back sync.WaitGroup
	back.Go(func() {
		_, _ = io.Copy(client, upstream)
		_ = client.Close()
	})
	defer back.Wait()
	defer upstream.Close() //nolint:errcheck // perhaps closed already
	request := make([]byte, 4096)
	for {
		n, err := client.Read(request)
		if err != nil || l.cut.CompareAndSwap(true, false) {
			return
		}
		if _, err := upstream.Write(request[:n]); err != nil {
			return
		}
	}
}

func TestAConnectionLostInFlightIsReplaced(t *testing.T) {
	s := startSlapd(t)
	l := newLink(t, strings.TrimPrefix(s.URL(), "ldap://"))
	d := open(t, settings(s, "ldap://"+l.Addr().String()))
	for range 20 {
		if _, err := d.Sender(t.Context(), "mdurand"); err != nil {
			t.Fatal(err)
		}
		l.cut.Store(true)
		var all sync.WaitGroup
		for i := range 20 {
			all.Go(func() {
				if _, err := d.Sender(t.Context(), fmt.Sprintf("nobody%d", i)); !errors.Is(err, quota.ErrAbsent) {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if l.cut.Load() {
			t.Error("nothing was cut")
		}
	}
}
