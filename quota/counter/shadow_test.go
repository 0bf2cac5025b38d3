//go:build servers

package counter

import (
	"testing"
	"time"

	"github.com/rcptquota/rcptquota/quota"
	"github.com/rcptquota/rcptquota/quota/conf"
	"github.com/rcptquota/rcptquota/test/servers"
)

// Several outages in one window, and a restart between them: this relay goes on
// where it was alone before, and Redis counts everything once.
func TestOutagesInOneWindow(t *testing.T) {
	server := servers.StartRedis(t)
	config, dir := redisConfig(t, server.Address()), t.TempDir()
	config.Timeout = conf.Duration{Duration: deadline}
	windows := []quota.Window{
		{Per: time.Hour, Recipients: 10, Count: quota.Distinct},
		{Per: time.Hour, Recipients: 12, Count: quota.Copies},
	}
	var j journal
	c, err := Open(config, dir)
	if err != nil {
		t.Fatal(err)
	}
	f := c.(*Fallback)
	reserve := func(id string, people []int) bool {
		return j.reserve(t, f, toReserve("anne", id, windows, people), people)
	}
	check := func() {
		t.Helper()
		server.Thaw()
		caughtUp(t, f)
		j.check(t, f, direct(t, server), []string{"anne"})
	}
	server.Freeze()
	if !reserve("first", people(0, 4)) || !reserve("again", people(2, 5)) {
		t.Fatal("the first outage")
	}
	check()
	// Redis counts what moved there, and nothing of it twice.
	if !reserve("together", people(0, 5)) || reserve("too much", people(20, 21)) {
		t.Error("Redis holds 7, and has room for 5")
	}
	j.settle(t, f, quota.Ticket{Sender: "anne", ID: "together"}, false)

	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	f = openFallback(t, config, dir)
	caughtUp(t, f)
	server.Freeze()
	if reserve("11 people", people(5, 11)) || reserve("13 copies", people(0, 6)) || !reserve("fits", people(5, 9)) {
		t.Error("the second outage does not go on where the first ended")
	}
	check()
	server.Freeze()
	j.settle(t, f, quota.Ticket{Sender: "anne", ID: "again"}, false) // as Redis knows it
	if reserve("12 people", people(9, 13)) || !reserve("after the release", people(3, 6)) {
		t.Error("the third outage does not count what was released")
	}
	check()
	if total := len(j.entries); total != 3 || j.alone() != 3 {
		t.Errorf("counted: %v", j.entries)
	}
}
