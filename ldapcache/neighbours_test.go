package ldapcache

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-ldap/ldap/v3"

	"github.com/rcptquota/rcptquota/quota"
)

// TestASlowSearchHarmsNoNeighbour has searches that are never answered, or told
// that the server is busy, one after the other beside others that take a while.
func TestASlowSearchHarmsNoNeighbour(t *testing.T) {
	t.Parallel()
	for name, odd := range map[string]reply{
		"slow": {never: true},
		"busy": {after: 20 * time.Millisecond, code: ldap.LDAPResultBusy},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := startFake(t, func(_ int, filter string) reply {
				if asks(filter, "odd") {
					return odd
				}
				return reply{after: 200 * time.Millisecond, entry: "uid=x,dc=test"}
			})
			d := openFakes(t, time.Second, f)
			ask := func(login string) error {
				_, err := d.Sender(t.Context(), login)
				return err
			}
			if err := ask("first"); err != nil {
				t.Fatal(err)
			}
			var all sync.WaitGroup
			defer all.Wait()
			tick := time.NewTicker(25 * time.Millisecond)
			defer tick.Stop()
			for i := range 60 {
				<-tick.C
				all.Go(func() {
					if err := ask(fmt.Sprint("even", i)); err != nil {
						t.Error(err)
					}
				})
				all.Go(func() {
					start := time.Now()
					err := ask(fmt.Sprint("odd", i))
					if took := time.Since(start); !unavailable(err) || !strings.Contains(err.Error(), f.Addr().String()) || took > 2*time.Second {
						t.Errorf("%v after %v", err, took)
					}
				})
			}
			all.Wait()
			if n := f.connections.Load(); n != 1 {
				t.Errorf("%d connections", n)
			}
		})
	}
}

// TestASilentConnectionIsReplacedInTime is about one server behind a balancer,
// whose back end died without a word.
func TestASilentConnectionIsReplacedInTime(t *testing.T) {
	f := startFake(t, func(connection int, filter string) reply {
		return reply{never: connection == 1 && !asks(filter, "first"), entry: "uid=x,dc=test"}
	})
	d := openFakes(t, time.Second, f)
	for _, login := range []string{"first", "second", "third"} {
		if _, err := d.Sender(t.Context(), login); err != nil {
			t.Errorf("%s: %v", login, err)
		}
	}
	if n := f.connections.Load(); n != 2 {
		t.Errorf("%d connections", n)
	}
}

func TestReferencesElsewhereAreNotAbsence(t *testing.T) {
	const elsewhere = "ldap://other.test/dc=other,dc=test"
	f := startFake(t, func(_ int, filter string) reply {
		switch {
		case asks(filter, "here"):
			return reply{entry: "uid=here,dc=test", referral: elsewhere}
		case asks(filter, "elsewhere"):
			return reply{referral: elsewhere}
		case asks(filter, "partition"):
			return reply{referral: "ldap://DomainDnsZones.test/DC=DomainDnsZones,DC=test"}
		case asks(filter, "child"):
			return reply{referral: "ldap://child.test/DC=child,DC=test"}
		case asks(filter, "odd"):
			return reply{referral: "DC=DomainDnsZones,DC=test"}
		}
		return reply{}
	})
	d := openFakes(t, time.Second, f)
	if _, err := d.Sender(t.Context(), "here"); err != nil {
		t.Error(err)
	}
	for _, login := range []string{"nowhere", "partition"} { // of Active Directory, which holds nobody
		if _, err := d.Sender(t.Context(), login); !errors.Is(err, quota.ErrAbsent) {
			t.Errorf("%s: %v", login, err)
		}
	}
	for _, login := range []string{"child", "odd"} {
		if _, err := d.Sender(t.Context(), login); !unavailable(err) {
			t.Errorf("%s: %v", login, err)
		}
	}
	if _, err := d.Sender(t.Context(), "elsewhere"); !unavailable(err) || !strings.Contains(err.Error(), elsewhere) {
		t.Error(err)
	}
	if n := f.connections.Load(); n != 1 {
		t.Errorf("%d connections", n)
	}
}
