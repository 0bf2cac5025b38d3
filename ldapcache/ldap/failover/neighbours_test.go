package failover

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	goldap "github.com/go-ldap/ldap/v3"

	"github.com/rcptquota/rcptquota/test/servers"
)

// TestASlowSearchHarmsNoNeighbour has searches that are never answered, or told
// that the server is busy, one after the other beside others that take a while.
func TestASlowSearchHarmsNoNeighbour(t *testing.T) {
	t.Parallel()
	for name, odd := range map[string]servers.Reply{
		"slow": {Never: true},
		"busy": {After: 20 * time.Millisecond, Code: goldap.LDAPResultBusy},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := servers.StartFakeLDAP(t, func(_ int, filter string) servers.Reply {
				if asks(filter, "odd") {
					return odd
				}
				return servers.Reply{After: 200 * time.Millisecond, Entry: "uid=x,dc=test"}
			})
			d := openFakes(t, time.Second, f)
			ask := func(login string) error {
				err := find(t, d, login)
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
					err := ask(fmt.Sprint("odd", i))
					if !failed(err) || !strings.Contains(err.Error(), f.URL()) {
						t.Error(err)
					}
				})
			}
			all.Wait()
			if n := f.Connections.Load(); n != 1 {
				t.Errorf("%d connections", n)
			}
		})
	}
}

// TestASilentConnectionIsReplacedInTime is about one server behind a balancer,
// whose back end died without a word.
func TestASilentConnectionIsReplacedInTime(t *testing.T) {
	f := servers.StartFakeLDAP(t, func(connection int, filter string) servers.Reply {
		return servers.Reply{Never: connection == 1 && !asks(filter, "first"), Entry: "uid=x,dc=test"}
	})
	d := openFakes(t, time.Second, f)
	for _, login := range []string{"first", "second", "third"} {
		if err := find(t, d, login); err != nil {
			t.Errorf("%s: %v", login, err)
		}
	}
	if n := f.Connections.Load(); n != 2 {
		t.Errorf("%d connections", n)
	}
}
