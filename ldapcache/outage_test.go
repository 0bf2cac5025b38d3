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
	known := func(got quota.Sender, err error) bool { return err == nil && len(got.Addresses) == 1 }
	fresh := func(got quota.Sender, err error) bool { return known(got, err) && got.Stale == nil }
	if got, err := d.Sender(t.Context(), "mdurand"); !fresh(got, err) {
		t.Fatalf("%+v, %v", got, err)
	}
	s.Stop()
	if got, err := d.Sender(t.Context(), "mdurand"); !known(got, err) || got.Stale == nil || !strings.Contains(got.Stale.Error(), s.URL()) {
		t.Errorf("known, in an outage: %+v, %v", got, err)
	}
	if _, err := d.Sender(t.Context(), "pmartin"); !isUnavailable(err) {
		t.Errorf("unknown, in an outage: %v", err)
	}
	s.Start()
	for _, login := range []string{"mdurand", "pmartin"} { // at once: the first look-up connects again
		if got, err := d.Sender(t.Context(), login); !fresh(got, err) {
			t.Errorf("%s, after the outage: %+v, %v", login, got, err)
		}
	}
	s.Stop()
	s.Start() // nobody asked in between
	if got, err := d.Sender(t.Context(), "mdurand"); !fresh(got, err) {
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
			for _, when := range []string{"connected", "while connecting"} {
				start := time.Now()
				_, err := d.Sender(t.Context(), "pmartin")
				took := time.Since(start)
				early := when == "connected" && took < timeout*9/10 // else it may have joined a dial under way
				if !isUnavailable(err) || !strings.Contains(err.Error(), config.Servers[0]) || early || took > timeout*5 {
					t.Errorf("%s: %v after %v", when, err, took)
				}
			}
			if got, err := d.Sender(t.Context(), "mdurand"); err != nil || got.Stale == nil {
				t.Errorf("known: %+v, %v", got, err)
			}
			s.Thaw()
			await(t, d, "pmartin", "found", func(got quota.Sender, err error) bool { return err == nil && got.Stale == nil })
		})
	}
}

func TestASecondServerTakesOver(t *testing.T) {
	for name, fail := range map[string]func(*servers.Slapd){
		"stopped": (*servers.Slapd).Stop,
		"silent":  (*servers.Slapd).Freeze,
	} {
		t.Run(name, func(t *testing.T) {
			one, two := startSlapd(t), startSlapd(t)
			config := settings(one, one.URL(), two.URL())
			config.Timeout.Duration = 4 * time.Second
			connected, unconnected := open(t, config), open(t, config)
			await(t, connected, "mdurand", "found", func(_ quota.Sender, err error) bool { return err == nil })
			fail(one)
			for when, d := range map[string]quota.Directory{"connected": connected, "unconnected": unconnected} {
				if got, err := d.Sender(t.Context(), "mdurand"); err != nil || got.Stale != nil {
					t.Errorf("%s: %+v, %v", when, got, err)
				}
				start := time.Now()
				got, err := d.Sender(t.Context(), "pmartin")
				if took := time.Since(start); err != nil || got.Stale != nil || took > 2*time.Second {
					t.Errorf("%s, afterwards: %+v, %v after %v", when, got, err, took)
				}
			}
			two.Stop()
			if _, err := connected.Sender(t.Context(), "nobody"); !isUnavailable(err) || !strings.Contains(err.Error(), one.URL()) {
				t.Errorf("without any server: %v", err)
			}
		})
	}
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
	if took := time.Since(start); took > patience/2 {
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
