//go:build servers

package counter

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/rcptquota/rcptquota/quota"
	"github.com/rcptquota/rcptquota/quota/conf"
	"github.com/rcptquota/rcptquota/quota/counter/countertest"
	"github.com/rcptquota/rcptquota/test/random"
	"github.com/rcptquota/rcptquota/test/servers"
)

// A command that is slow for one sender concerns that sender alone.
func TestSlowCommandOfOneSender(t *testing.T) {
	server := servers.StartRedis(t)
	config := redisConfig(t, server.Address())
	config.Timeout = conf.Duration{Duration: deadline}
	f := openFallback(t, config, t.TempDir())
	reconnected(t, f)
	slow := f.redis.Keys("anne")[0]
	f.redis.Client().AddHook(countertest.Hook(func(ctx context.Context, cmd goredis.Cmder, next goredis.ProcessHook) error {
		if strings.HasPrefix(cmd.Name(), "eval") && cmd.Args()[3] == slow {
			<-ctx.Done()
			return ctx.Err()
		}
		return next(ctx, cmd)
	}))
	windows := []quota.Window{{Per: time.Hour, Recipients: 10, Count: quota.Copies}}
	numbers := random.New(t)
	stop, others := make(chan struct{}), sync.WaitGroup{}
	others.Go(func() {
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			default:
			}
			count := countertest.MustReserve(t, f, countertest.ToReserve("bertrand", fmt.Sprint(i), countertest.Generous, countertest.People(0, 3)))
			if count.Degraded != nil {
				t.Errorf("another sender: %v", count.Degraded)
			}
			countertest.MustSettle(t, f, quota.Ticket{Sender: "bertrand", ID: fmt.Sprint(i)}, numbers.IntN(2) > 0)
		}
	})
	if count := countertest.MustReserve(t, f, countertest.ToReserve("anne", "a", windows, countertest.People(0, 6))); count.Degraded == nil {
		t.Errorf("counted in Redis: %+v", count)
	}
	if count, err := f.Reserve(t.Context(), countertest.ToReserve("anne", "b", windows, countertest.People(0, 6))); err != nil || count.Exceeded != 0 {
		t.Errorf("not counted by this relay: %+v, %v", count, err)
	}
	close(stop)
	others.Wait()
	if f.Away() != nil {
		t.Errorf("away: %v", f.Away())
	}
}

// A release that takes too long for its own reasons holds up no other one.
func TestSlowReleaseOfOneSender(t *testing.T) {
	server := servers.StartRedis(t)
	config := redisConfig(t, server.Address())
	config.Timeout = conf.Duration{Duration: deadline}
	f := openFallback(t, config, t.TempDir())
	reconnected(t, f)
	for _, sender := range []string{"anne", "bertrand"} {
		countertest.MustReserve(t, f, countertest.ToReserve(sender, "a", countertest.Generous, countertest.People(0, 3)))
	}
	slow := f.redis.Keys("anne")[0]
	f.redis.Client().AddHook(countertest.Hook(func(ctx context.Context, cmd goredis.Cmder, next goredis.ProcessHook) error {
		if strings.HasPrefix(cmd.Name(), "eval") && cmd.Args()[3] == slow {
			<-ctx.Done()
			return ctx.Err()
		}
		return next(ctx, cmd)
	}))
	server.Freeze()
	countertest.MustSettle(t, f, quota.Ticket{Sender: "anne", ID: "a"}, false)
	countertest.MustSettle(t, f, quota.Ticket{Sender: "bertrand", ID: "a"}, false)
	server.Thaw()
	if !servers.Wait(func() bool { return len(f.releases.all()) == 1 && f.Away() == nil }) {
		t.Errorf("%v wait; away: %v", f.releases.all(), f.Away())
	}
	if k := countertest.Stored(t, countertest.Direct(t, server), f.redis.Keys("bertrand")); len(k.Reached) != 0 {
		t.Errorf("Redis holds %d recipients of a message that did not go", len(k.Reached))
	}
}

// BenchmarkOthers tells what decisions on other senders take while one sender's open
// messages are all given up at once.
func BenchmarkOthers(b *testing.B) {
	for _, c := range []struct{ open, recipients int }{{0, 0}, {50, 5000}, {100, 500}} {
		b.Run(fmt.Sprintf("open=%d,recipients=%d", c.open, c.recipients), func(b *testing.B) {
			server := servers.StartRedis(b)
			config := redisConfig(b, server.Address())
			f, err := Open(config, b.TempDir())
			if err != nil {
				b.Fatal(err)
			}
			defer f.Close() //nolint:errcheck // nobody needs it
			attack := attack(b, f, c.open, c.recipients)
			stop, attacked := make(chan struct{}), sync.WaitGroup{}
			attacked.Go(func() { attack(stop) })
			var took []time.Duration
			for i := 0; b.Loop(); i++ {
				start := time.Now()
				r := countertest.ToReserve("bertrand", fmt.Sprint(i), countertest.Generous, countertest.People(0, 10))
				if count, err := f.Reserve(b.Context(), r); err != nil || count.Degraded != nil {
					b.Fatal(count.Degraded, err)
				}
				took = append(took, time.Since(start))
				if err := f.Settle(b.Context(), r.Ticket, true); err != nil {
					b.Fatal(err)
				}
			}
			close(stop)
			attacked.Wait()
			reportPercentiles(b, took)
		})
	}
}

// attack returns a function that reserves messages of one sender to the same people,
// all at once, and gives them up, all at once, until stop is closed.
func attack(b *testing.B, c quota.Counter, open, size int) func(stop <-chan struct{}) {
	b.Helper()
	people := countertest.People(0, size)
	return func(stop <-chan struct{}) {
		for round := 0; open > 0; round++ {
			select {
			case <-stop:
				return
			default:
			}
			var all sync.WaitGroup
			tickets := make(chan quota.Ticket, open)
			for i := range open {
				all.Go(func() {
					r := countertest.ToReserve("anne", fmt.Sprintf("%d/%d", round, i), countertest.Generous, people)
					if _, err := c.Reserve(b.Context(), r); err == nil {
						tickets <- r.Ticket
					}
				})
			}
			all.Wait()
			close(tickets)
			for ticket := range tickets {
				all.Go(func() { _ = c.Settle(b.Context(), ticket, false) })
			}
			all.Wait()
		}
	}
}
