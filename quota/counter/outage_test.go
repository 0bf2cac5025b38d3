//go:build servers

package counter

import (
	crand "crypto/rand"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rcptquota/rcptquota/quota"
	"github.com/rcptquota/rcptquota/quota/conf"
	"github.com/rcptquota/rcptquota/quota/counter/countertest"
	"github.com/rcptquota/rcptquota/test/random"
	"github.com/rcptquota/rcptquota/test/servers"
)

// deadline is short enough for an outage to be felt.
const deadline = 250 * time.Millisecond

func TestOutages(t *testing.T) {
	toDisk := []string{"--appendonly", "yes", "--appendfsync", "always"}
	for name, c := range map[string]struct {
		options    []string
		leave      func(*servers.Redis)
		comeBack   func(*servers.Redis)
		forgetful  bool
		wantPauses bool // those who asked first wait for the whole deadline
	}{
		"frozen":               {leave: (*servers.Redis).Freeze, comeBack: (*servers.Redis).Thaw, wantPauses: true},
		"killed":               {options: toDisk, leave: (*servers.Redis).Kill, comeBack: (*servers.Redis).Start},
		"killed with its data": {leave: (*servers.Redis).Kill, comeBack: (*servers.Redis).Start, forgetful: true},
		"stopped":              {options: toDisk, leave: (*servers.Redis).Stop, comeBack: (*servers.Redis).Start},
	} {
		t.Run(name, func(t *testing.T) {
			server := servers.StartRedis(t, c.options...)
			config := redisConfig(t, server.Address())
			config.Timeout = conf.Duration{Duration: deadline}
			f := openFallback(t, config, t.TempDir())
			reconnected(t, f)
			senders := []string{"anne", "bertrand", "chloé"}
			short := quota.Window{Per: 300 * time.Millisecond, Recipients: 300, Count: quota.Copies}
			windows := append([]quota.Window{short}, countertest.Generous...)
			j := journal{random: random.New(t)}
			stop, loaded := make(chan struct{}), make(chan struct{})
			var open []quota.Ticket
			go func() {
				open = j.load(t, f, senders, windows, stop)
				close(loaded)
			}()
			var left time.Time
			for i := 0; i < 2 && (i == 0 || !c.forgetful); i++ {
				pause(400 * time.Millisecond)
				left = time.Now()
				c.leave(server)
				pause(600 * time.Millisecond)
				c.comeBack(server)
			}
			pause(400 * time.Millisecond)
			close(stop)
			<-loaded
			reconnected(t, f)
			for _, ticket := range open {
				j.settle(t, f, ticket, j.random.IntN(2) > 0)
			}
			t.Logf("%d messages, %d of them counted here; the slowest took %v", len(j.entries), j.alone(), j.slowest)
			j.checkLimit(t, senders, short)
			if c.wantPauses && j.slowest < deadline {
				t.Errorf("the slowest message took %v", j.slowest)
			}
			if j.alone() == 0 || j.alone() == len(j.entries) {
				t.Error("there was no outage")
			}
			if c.forgetful {
				maps.DeleteFunc(j.entries, func(_ quota.Ticket, e entry) bool { return !e.alone && e.at.Before(left) })
			}
			j.check(t, f, countertest.Direct(t, server), senders)
		})
	}
}

// checkLimit checks that neither Redis nor this relay let more through in any
// period than the window holds.
func (j *journal) checkLimit(t *testing.T, senders []string, w quota.Window) {
	t.Helper()
	for _, sender := range senders {
		for _, alone := range []bool{false, true} {
			var all []countertest.Accepted
			for ticket, e := range j.entries {
				if ticket.Sender == sender && e.alone == alone {
					all = append(all, countertest.Accepted{At: e.at, N: len(e.people)})
				}
			}
			slices.SortFunc(all, func(a, b countertest.Accepted) int { return a.At.Compare(b.At) })
			if most := countertest.Fullest(all, w.Per); most > w.Recipients {
				t.Errorf("%s: a period held %d copies of %d (alone: %v)", sender, most, w.Recipients, alone)
			}
		}
	}
}

func TestNobodyWaitsWhileRedisIsAway(t *testing.T) {
	server := servers.StartRedis(t)
	config := redisConfig(t, server.Address())
	config.Timeout = conf.Duration{Duration: deadline}
	f := openFallback(t, config, t.TempDir())
	reconnected(t, f)
	client := countertest.Direct(t, server)
	before := countertest.Evaluations(t, client)
	server.Freeze()
	var j journal
	j.reserve(t, f, countertest.ToReserve("anne", "first", countertest.Generous, countertest.People(0, 3)), countertest.People(0, 3))
	servers.Wait(func() bool { return f.Away() != nil }) // a ping has to tell
	if j.slowest < deadline || f.Away() == nil || !strings.Contains(f.Away().Error(), "this relay counts alone: redis: ") {
		t.Errorf("after %v: %v", j.slowest, f.Away())
	}
	const messages = 1000
	for range messages {
		r := countertest.ToReserve("anne", crand.Text(), countertest.Generous, countertest.People(0, 3))
		if j.reserve(t, f, r, countertest.People(0, 3)) {
			j.settle(t, f, r.Ticket, true) // a release would be told to Redis later
		}
	}
	server.Thaw()
	reconnected(t, f)
	if asked := countertest.Evaluations(t, client) - before; asked > messages/10 { // what was sent meanwhile is carried out now
		t.Errorf("Redis was asked %d times", asked)
	}
	j.check(t, f, client, []string{"anne"})
}

// What this relay counted alone is there after a restart, and counts beside Redis
// until it has left its windows: over several outages, this relay lets no more
// through alone than the limit.
func TestOutagesInOneWindow(t *testing.T) {
	server := servers.StartRedis(t)
	config, dir := redisConfig(t, server.Address()), t.TempDir()
	config.Timeout = conf.Duration{Duration: deadline}
	windows := []quota.Window{
		{Per: time.Hour, Recipients: 10, Count: quota.Distinct},
		{Per: time.Hour, Recipients: 12, Count: quota.Copies},
	}
	j := journal{random: random.New(t)}
	c, err := Open(config, dir)
	if err != nil {
		t.Fatal(err)
	}
	f := c.(*Fallback)
	reserve := func(id string, people []int) bool {
		return j.reserve(t, f, countertest.ToReserve("anne", id, windows, people), people)
	}
	check := func() {
		t.Helper()
		server.Thaw()
		reconnected(t, f)
		j.check(t, f, countertest.Direct(t, server), []string{"anne"})
	}
	reserve("before", countertest.People(10, 12)) // in Redis
	server.Freeze()
	if !reserve("first", countertest.People(0, 4)) || !reserve("again", countertest.People(2, 5)) {
		t.Fatal("the first outage")
	}
	check()
	if !reserve("both", countertest.People(0, 5)) || reserve("too much here", countertest.People(20, 21)) {
		t.Error("this relay holds 7 copies, and has room for 5")
	}
	j.settle(t, f, quota.Ticket{Sender: "anne", ID: "both"}, false)
	other := openRedis(t, config) // a relay that was never alone
	countertest.MustReserve(t, other, countertest.ToReserve("anne", "elsewhere", windows, countertest.People(40, 42)))
	if reserve("too much there", countertest.People(50, 53)) || !reserve("fits both", countertest.People(0, 1)) {
		t.Error("Redis holds 8 people, and has room for 2")
	}
	countertest.MustSettle(t, other, quota.Ticket{Sender: "anne", ID: "elsewhere"}, false)
	check()

	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	f = openFallback(t, config, dir)
	reconnected(t, f)
	server.Freeze()
	if reserve("11 people", countertest.People(5, 11)) || reserve("13 copies", countertest.People(0, 5)) || !reserve("12 copies", countertest.People(5, 9)) {
		t.Error("the second outage does not go on where the first ended")
	}
	check()
	if n := len(j.entries); n != 5 || j.alone() != 3 {
		t.Errorf("counted: %v", j.entries)
	}
}

// What was counted alone no longer matters once it has left its windows.
func TestAloneOnlyWhileItMatters(t *testing.T) {
	server := servers.StartRedis(t)
	config := redisConfig(t, server.Address())
	config.Timeout = conf.Duration{Duration: deadline}
	f := openFallback(t, config, t.TempDir())
	reconnected(t, f)
	windows := []quota.Window{{Per: time.Second, Recipients: 10, Count: quota.Copies}}
	server.Freeze()
	countertest.MustReserve(t, f, countertest.ToReserve("anne", "alone", windows, countertest.People(0, 3)))
	server.Thaw()
	reconnected(t, f)
	if !servers.Wait(func() bool { return !f.local.CountedAlone(t.Context(), "anne") }) {
		t.Fatal("counted in both for ever")
	}
	countertest.MustReserve(t, f, countertest.ToReserve("anne", "later", windows, countertest.People(0, 3)))
	if n := len(copiesHere(t, f.local, "anne")); n != 1 {
		t.Errorf("%d messages are counted here", n)
	}
}

func TestReleasesWaitForRedis(t *testing.T) {
	server := servers.StartRedis(t)
	config := redisConfig(t, server.Address())
	config.Timeout = conf.Duration{Duration: deadline}
	f := openFallback(t, config, t.TempDir())
	reconnected(t, f)
	j := journal{random: random.New(t)}
	for _, id := range []string{"released", "committed"} {
		j.reserve(t, f, countertest.ToReserve("anne", id, countertest.Generous, countertest.People(0, 3)), countertest.People(0, 3))
	}
	server.Freeze()
	j.reserve(t, f, countertest.ToReserve("anne", "lost", countertest.Generous, countertest.People(1, 5)), countertest.People(1, 5)) // Redis has it in its socket
	j.settle(t, f, quota.Ticket{Sender: "anne", ID: "released"}, false)
	j.settle(t, f, quota.Ticket{Sender: "anne", ID: "lost"}, false)
	if n := len(f.releases.all()); n != 2 {
		t.Errorf("%d releases wait", n)
	}
	server.Thaw()
	reconnected(t, f)
	j.check(t, f, countertest.Direct(t, server), []string{"anne"})
}

func TestUnavailable(t *testing.T) {
	for way, want := range map[string]string{unavailablePass: "nothing is counted: redis: ", unavailableDefer: "nothing can be counted: redis: "} {
		t.Run(way, func(t *testing.T) {
			server := servers.StartRedis(t)
			config := redisConfig(t, server.Address())
			config.Unavailable = way
			config.Timeout = conf.Duration{Duration: 4 * deadline} // a busy machine is no outage
			f := openFallback(t, config, "/nonexistent")
			tight := []quota.Window{{Per: time.Hour, Recipients: 3, Count: quota.Copies}}
			held := countertest.ToReserve("anne", "held", tight, countertest.People(0, 2))
			countertest.MustReserve(t, f, held)
			server.Freeze()
			for range 3 {
				count, err := f.Reserve(t.Context(), countertest.ToReserve("anne", crand.Text(), tight, countertest.People(0, 2)))
				told := count.Degraded
				if way == unavailableDefer {
					told = err
				}
				if count.Exceeded > 0 || (err == nil) != (way == unavailablePass) || told == nil || !strings.Contains(told.Error(), want) {
					t.Errorf("%+v, %v", count, err)
				}
			}
			countertest.MustSettle(t, f, held.Ticket, false)
			server.Thaw()
			reconnected(t, f)
			countertest.MustReserve(t, f, countertest.ToReserve("anne", "fits", tight, countertest.People(0, 3)))
		})
	}
}

// A Redis that answers, and cannot count, is away until it can.
func TestRedisThatOnlyAnswers(t *testing.T) {
	server := servers.StartRedis(t)
	f := openFallback(t, redisConfig(t, server.Address()), t.TempDir())
	reconnected(t, f)
	client := countertest.Direct(t, server)
	client.ConfigSet(t.Context(), "min-replicas-to-write", "1")
	countertest.MustReserve(t, f, countertest.ToReserve("anne", "a", countertest.Generous, countertest.People(0, 3)))
	if f.Away() == nil || !strings.Contains(f.Away().Error(), "NOREPLICAS") {
		t.Fatalf("away: %v", f.Away())
	}
	asked := countertest.Evaluations(t, client)
	if !servers.Wait(func() bool { return f.Away() == nil || countertest.Evaluations(t, client) > asked+3 }) || f.Away() == nil {
		t.Error("it is taken for back")
	}
	client.ConfigSet(t.Context(), "min-replicas-to-write", "0")
	reconnected(t, f)
}
