//go:build servers

package counter

import (
	"testing"

	"github.com/rcptquota/rcptquota/quota"
	"github.com/rcptquota/rcptquota/quota/conf"
	"github.com/rcptquota/rcptquota/quota/counter/countertest"
	"github.com/rcptquota/rcptquota/test/servers"
)

// What the store of one configuration could not release, because Redis was away, the next
// one releases.
func TestOpenerHandsOverReleases(t *testing.T) {
	server := servers.StartRedis(t)
	config := redisConfig(t, server.Address())
	config.Timeout = conf.Duration{Duration: deadline}
	var o Opener
	open := func() *Fallback {
		opened, err := o.Open(config, t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		return opened.(*Fallback)
	}
	before := open()
	reconnected(t, before)
	r := countertest.ToReserve("anne", "given back", countertest.Generous, countertest.People(0, 3))
	countertest.MustReserve(t, before, r)
	server.Freeze()
	countertest.MustReserve(t, before, countertest.ToReserve("bruno", "any", countertest.Generous, countertest.People(0, 3))) // finds out
	if err := before.Settle(t.Context(), quota.Ticket{Sender: "anne", ID: "given back"}, false); err != nil {
		t.Error(err)
	}
	config.Timeout.Duration *= 2
	after := open()
	if err := before.Close(); err != nil {
		t.Error(err)
	}
	server.Thaw()
	if !servers.Wait(func() bool { return after.Away() == nil && len(after.releases.all()) == 0 }) {
		t.Errorf("%d releases wait; away: %v", len(after.releases.all()), after.Away())
	}
	if err := after.Close(); err != nil {
		t.Error(err)
	}
}
