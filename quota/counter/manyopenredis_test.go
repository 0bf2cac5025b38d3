//go:build servers

package counter

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/rcptquota/rcptquota/quota"
	"github.com/rcptquota/rcptquota/quota/conf"
	"github.com/rcptquota/rcptquota/test/random"
	"github.com/rcptquota/rcptquota/test/servers"
)

func TestRedisManyOpen(t *testing.T) {
	openMany(t, openRedis(t, redisConfig(t, servers.StartRedis(t).Address())))
}

func TestRedisChangesOfClass(t *testing.T) {
	changesOfClass(t, openRedis(t, redisConfig(t, servers.StartRedis(t).Address())))
}

func TestRedisKeepsNoMoreThanItNeeds(t *testing.T) {
	server := servers.StartRedis(t)
	r, client := openRedis(t, redisConfig(t, server.Address())), direct(t, server)
	key := r.keys("anne")[1]
	now := time.Now().UnixMicro()
	for from := 0; from < maxMessages+500; from += 1000 {
		var some []redis.Z
		for i := from; i < from+1000; i++ {
			some = append(some, redis.Z{Score: float64(now - 2*maxMessages + int64(i)), Member: fmt.Sprintf("1:%d", i)})
		}
		client.ZAdd(t.Context(), key, some...)
	}
	windows := []quota.Window{{Per: time.Hour, Recipients: quota.MaxRecipients, Count: quota.Copies}}
	count, err := r.Reserve(t.Context(), toReserve("anne", "a", windows, people(0, 1)))
	if n := client.ZCard(t.Context(), key).Val(); err != nil || count.Exceeded != 0 || count.Used != maxMessages || n != maxMessages {
		t.Errorf("%+v, %v; %d messages are kept", count, err, n)
	}
}

// A time to live does not shrink when a relay has shorter windows.
func TestRedisTimeToLiveNeverShrinks(t *testing.T) {
	server := servers.StartRedis(t)
	r, client := openRedis(t, redisConfig(t, server.Address())), direct(t, server)
	mustReserve(t, r, toReserve("anne", "a", rulebooks(24 * time.Hour)[3], people(0, 1)))
	mustReserve(t, r, toReserve("anne", "b", rulebooks(time.Second)[3], people(0, 1)))
	for _, key := range r.keys("anne") {
		if ttl := client.PTTL(t.Context(), key).Val(); ttl < 24*time.Hour {
			t.Errorf("%s expires in %v", key, ttl)
		}
	}
}

// How much a release reads in Redis depends on its message, not on how many others
// are open.
func TestReleaseReadsItsMessageOnly(t *testing.T) {
	server := servers.StartRedis(t)
	r, client := openRedis(t, redisConfig(t, server.Address())), direct(t, server)
	sent := func(open int) int {
		sender := fmt.Sprint("sender", open)
		for i := range open {
			mustReserve(t, r, toReserve(sender, fmt.Sprint(i), wide, people(0, 50)))
		}
		before := commandsInScripts(t, client)
		mustSettle(t, r, quota.Ticket{Sender: sender, ID: "0"}, false)
		return commandsInScripts(t, client) - before
	}
	sent(2)
	if few, many := sent(3), sent(90); many != few {
		t.Errorf("%d commands with 3 open, %d with 90", few, many)
	}
}

// commandsInScripts is how many commands on keys the server has run.
func commandsInScripts(t *testing.T, client *redis.Client) int {
	t.Helper()
	calls := 0
	for line := range strings.Lines(client.Info(t.Context(), "commandstats").Val()) {
		name, stats, _ := strings.Cut(strings.TrimPrefix(line, "cmdstat_"), ":")
		if name[0] == 'h' || name[0] == 'z' {
			var n int
			if _, err := fmt.Sscanf(stats, "calls=%d,", &n); err != nil {
				t.Fatal(err)
			}
			calls += n
		}
	}
	return calls
}

// A command that is slow for one sender concerns that sender alone.
func TestSlowCommandOfOneSender(t *testing.T) {
	server := servers.StartRedis(t)
	config := redisConfig(t, server.Address())
	config.Timeout = conf.Duration{Duration: deadline}
	f := openFallback(t, config, t.TempDir())
	reconnected(t, f)
	slow := f.redis.keys("anne")[0]
	f.redis.client.AddHook(hook(func(ctx context.Context, cmd redis.Cmder, next redis.ProcessHook) error {
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
			count := mustReserve(t, f, toReserve("bertrand", fmt.Sprint(i), wide, people(0, 3)))
			if count.Degraded != nil {
				t.Errorf("another sender: %v", count.Degraded)
			}
			mustSettle(t, f, quota.Ticket{Sender: "bertrand", ID: fmt.Sprint(i)}, numbers.IntN(2) > 0)
		}
	})
	if count := mustReserve(t, f, toReserve("anne", "a", windows, people(0, 6))); count.Degraded == nil {
		t.Errorf("counted in Redis: %+v", count)
	}
	if count, err := f.Reserve(t.Context(), toReserve("anne", "b", windows, people(0, 6))); err != nil || count.Exceeded != 0 {
		t.Errorf("not counted by this relay: %+v, %v", count, err)
	}
	close(stop)
	others.Wait()
	if f.Away() != nil {
		t.Errorf("away: %v", f.Away())
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
				r := toReserve("bertrand", fmt.Sprint(i), wide, people(0, 10))
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
	people := people(0, size)
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
					r := toReserve("anne", fmt.Sprintf("%d/%d", round, i), wide, people)
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

// A release that takes too long for its own reasons holds up no other one.
func TestSlowReleaseOfOneSender(t *testing.T) {
	server := servers.StartRedis(t)
	config := redisConfig(t, server.Address())
	config.Timeout = conf.Duration{Duration: deadline}
	f := openFallback(t, config, t.TempDir())
	reconnected(t, f)
	for _, sender := range []string{"anne", "bertrand"} {
		mustReserve(t, f, toReserve(sender, "a", generous, people(0, 3)))
	}
	slow := f.redis.keys("anne")[0]
	f.redis.client.AddHook(hook(func(ctx context.Context, cmd redis.Cmder, next redis.ProcessHook) error {
		if strings.HasPrefix(cmd.Name(), "eval") && cmd.Args()[3] == slow {
			<-ctx.Done()
			return ctx.Err()
		}
		return next(ctx, cmd)
	}))
	server.Freeze()
	mustSettle(t, f, quota.Ticket{Sender: "anne", ID: "a"}, false)
	mustSettle(t, f, quota.Ticket{Sender: "bertrand", ID: "a"}, false)
	server.Thaw()
	if !servers.Wait(func() bool { return len(f.releases.all()) == 1 && f.Away() == nil }) {
		t.Errorf("%v wait; away: %v", f.releases.all(), f.Away())
	}
	if k := stored(t, direct(t, server), f.redis.keys("bertrand")); len(k.reached) != 0 {
		t.Errorf("Redis holds %d recipients of a message that did not go", len(k.reached))
	}
}
