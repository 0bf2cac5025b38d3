//go:build servers

package counter

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rcptquota/rcptquota/quota"
	"github.com/rcptquota/rcptquota/quota/conf"
	"github.com/rcptquota/rcptquota/quota/counter/countertest"
	"github.com/rcptquota/rcptquota/test/servers"
)

func TestAsks(t *testing.T) {
	f := openFallback(t, redisConfig(t, servers.StartRedis(t).Address()), t.TempDir())
	reconnected(t, f)
	countertest.Asks(t, f)
}

func TestResets(t *testing.T) {
	f := openFallback(t, redisConfig(t, servers.StartRedis(t).Address()), t.TempDir())
	reconnected(t, f)
	countertest.Resets(t, f)
}

// A question is answered from where a message would be counted: before, during and after
// an outage.
func TestAskingThroughAnOutage(t *testing.T) {
	server := servers.StartRedis(t)
	config := redisConfig(t, server.Address())
	config.Timeout = conf.Duration{Duration: deadline}
	f := openFallback(t, config, t.TempDir())
	reconnected(t, f)
	windows := []quota.Window{{Per: time.Hour, Recipients: 10, Count: quota.Copies}}
	message := func(id string, n int) *quota.Reservation {
		return countertest.ToReserve("anne", id, windows, countertest.People(0, n))
	}
	// A message to so many fits, and one to more does not, whether asked or sent.
	fits := func(n int, degraded bool) {
		t.Helper()
		for more, exceeded := range []int{-1, 0} {
			count, err := f.Try(t.Context(), message("", n+more))
			if err != nil || count.Exceeded != exceeded || (count.Degraded != nil) != degraded {
				t.Errorf("%d recipients, tried: %+v, %v", n+more, count, err)
			}
		}
		if count, err := f.Reserve(t.Context(), message("more", n+1)); err != nil || count.Exceeded != 0 {
			t.Errorf("%d recipients, sent: %+v, %v", n+1, count, err)
		}
		countertest.MustReserve(t, f, message("just", n))
		countertest.MustSettle(t, f, quota.Ticket{Sender: "anne", ID: "just"}, false)
	}
	countertest.MustReserve(t, f, message("shared", 4))
	fits(6, false)

	server.Freeze()
	countertest.MustReserve(t, f, message("alone", 7)) // tells that Redis is away
	if !servers.Wait(func() bool { return f.Away() != nil }) {
		t.Fatal("nobody noticed")
	}
	fits(3, true)
	if u := countertest.MustUse(t, f, "anne", nil, 1); u.Degraded == nil || u.Windows[0].Used != 7 || len(u.Windows[0].Frees) != 1 {
		t.Errorf("in the outage: %+v", u)
	}
	var names, problems []string
	for name, err := range f.Senders(t.Context()) {
		if names = append(names, name); err != nil {
			problems = append(problems, err.Error())
		}
	}
	if !slices.Equal(names, []string{"anne", ""}) || len(problems) != 1 || !strings.HasPrefix(problems[0], "not all senders are known: ") {
		t.Errorf("in the outage: %q, %q", names, problems)
	}

	server.Thaw()
	reconnected(t, f)
	fits(3, false)
	if u := countertest.MustUse(t, f, "anne", windows, 0); u.Degraded != nil || u.Windows[0].Used != 4 || u.Alone == nil || u.Alone.Windows[0].Used != 7 {
		t.Errorf("after the outage: %+v", u)
	}
	if names := countertest.Names(t, f); !slices.Equal(names, []string{"anne"}) {
		t.Errorf("after the outage: %q", names)
	}
	if err := f.Reset(t.Context(), "anne"); err != nil {
		t.Fatal(err)
	}
	if u := countertest.MustUse(t, f, "anne", windows, 0); u.Windows[0].Used != 0 || u.Alone != nil {
		t.Errorf("after the reset: %+v", u)
	}
	for _, id := range []string{"shared", "alone"} {
		countertest.MustSettle(t, f, quota.Ticket{Sender: "anne", ID: id}, false)
	}
	countertest.MustReserve(t, f, message("new", 10))
}

// What a question finds of Redis concerns nobody else; and what cannot be reset is told.
func TestAskingWhileRedisIsGone(t *testing.T) {
	for _, way := range []string{unavailableLocal, unavailablePass, unavailableDefer} {
		server := servers.StartRedis(t)
		config := redisConfig(t, server.Address())
		config.Unavailable = way
		f := openFallback(t, config, t.TempDir())
		reconnected(t, f)
		server.Stop()
		count, err := f.Try(t.Context(), countertest.ToReserve("anne", "", countertest.Generous, countertest.People(0, 3)))
		if f.Away() != nil {
			t.Errorf("%s: a question took Redis to be away: %v", way, f.Away())
		}
		if (err != nil) != (way == unavailableDefer) || err == nil && (count.Exceeded != -1 || count.Degraded == nil) {
			t.Errorf("%s: tried: %+v, %v", way, count, err)
		}
		u, err := f.Usage(t.Context(), "anne", countertest.Generous, 1)
		if (err != nil) != (way != unavailableLocal) || err == nil && (u.Degraded == nil || len(u.Windows) != 2) {
			t.Errorf("%s: used: %+v, %v", way, u, err)
		}
		if err := f.Reset(t.Context(), "anne"); err == nil {
			t.Errorf("%s: reset, though Redis is away", way)
		}
	}
}

// A policy that asks decides as one that counts would, and settles nothing.
func TestAskingCounts(t *testing.T) {
	server := servers.StartRedis(t)
	f := openFallback(t, redisConfig(t, server.Address()), t.TempDir())
	reconnected(t, f)
	asks := Asking(f)
	r := countertest.ToReserve("anne", "a", countertest.Generous, countertest.People(0, 3))
	countertest.MustReserve(t, asks, r)
	countertest.MustSettle(t, asks, r.Ticket, true)
	if n := countertest.Direct(t, server).Exists(t.Context(), f.redis.Keys("anne")...).Val(); n != 0 {
		t.Errorf("%d keys of the sender", n)
	}
}
