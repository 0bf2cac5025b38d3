//go:build servers

package counter

import (
	"context"
	crand "crypto/rand"
	"errors"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/rcptquota/rcptquota/quota"
	"github.com/rcptquota/rcptquota/quota/counter/countertest"
	"github.com/rcptquota/rcptquota/quota/counter/digest"
	"github.com/rcptquota/rcptquota/quota/counter/local"
	"github.com/rcptquota/rcptquota/quota/counter/redis"
	"github.com/rcptquota/rcptquota/quota/counter/usage"
	"github.com/rcptquota/rcptquota/test/random"
	"github.com/rcptquota/rcptquota/test/servers"
)

// redisConfig is a configuration of the servers.
func redisConfig(t testing.TB, addresses ...string) Config {
	t.Helper()
	key := filepath.Join(t.TempDir(), "digest.key")
	if err := os.WriteFile(key, []byte(countertest.Key+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	config := DefaultConfig()
	config.Kind, config.DigestKeyFile = kindRedis, key
	config.Config = countertest.RedisConfig(t, addresses...)
	if err := config.Validate(); err != nil {
		t.Fatal(err)
	}
	return config
}

// openRedis is the store of a relay that never counts alone.
func openRedis(t testing.TB, config Config) *redis.Store {
	t.Helper()
	r, err := redis.Open(config.Config, digest.New([]byte(countertest.Key)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close() })
	return r
}

// pause waits in real time.
func pause(d time.Duration) { <-time.After(d) }

// openFallback is Open of a Redis, and a look inside.
func openFallback(t *testing.T, config Config, stateDir string) *Fallback {
	t.Helper()
	c, err := Open(config, stateDir)
	if err != nil {
		t.Fatal(err)
	}
	f := c.(*Fallback)
	t.Cleanup(func() { _ = f.Close() })
	return f
}

// reconnected waits until Redis is asked again, and has been told everything.
func reconnected(t *testing.T, f *Fallback) {
	t.Helper()
	if !servers.Wait(func() bool { return f.Away() == nil && len(f.releases.all()) == 0 }) {
		t.Fatalf("away: %v; %d releases wait", f.Away(), len(f.releases.all()))
	}
}

// journal is what should be counted.
type journal struct {
	random  *rand.Rand
	mu      sync.Mutex
	entries map[quota.Ticket]entry
	slowest time.Duration
}

type entry struct {
	at     time.Time
	people []int
	alone  bool
}

func (j *journal) reserve(t *testing.T, c quota.Counter, r *quota.Reservation, people []int) bool {
	t.Helper()
	start := time.Now()
	count, err := c.Reserve(t.Context(), r)
	elapsed := time.Since(start)
	if err != nil {
		t.Error(err)
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.slowest = max(j.slowest, elapsed)
	if err != nil || count.Exceeded >= 0 {
		return false
	}
	if j.entries == nil {
		j.entries = map[quota.Ticket]entry{}
	}
	j.entries[r.Ticket] = entry{count.At, people, count.Degraded != nil}
	return true
}

// alone is how many messages were counted locally.
func (j *journal) alone() int {
	n := 0
	for _, e := range j.entries {
		if e.alone {
			n++
		}
	}
	return n
}

func (j *journal) settle(t *testing.T, c quota.Counter, ticket quota.Ticket, commit bool) {
	t.Helper()
	if !commit {
		j.mu.Lock()
		delete(j.entries, ticket)
		j.mu.Unlock()
	}
	if err := c.Settle(t.Context(), ticket, commit); err != nil {
		t.Error(err)
	}
}

// check looks for every message of the senders where it was counted, in Redis or by
// this relay alone, and for nothing else in Redis.
func (j *journal) check(t *testing.T, f *Fallback, client goredis.Cmdable, senders []string) {
	t.Helper()
	for _, sender := range senders {
		k := countertest.Stored(t, client, f.redis.Keys(sender))
		ids, here := k.IDs, copiesHere(t, f.local, sender)
		reached := map[string]bool{}
		for ticket, e := range j.entries {
			if ticket.Sender != sender {
				continue
			}
			if !e.alone && !ids[ticket.ID] || e.alone && !slices.Contains(here, usage.Freed{At: e.at.Add(aWhile.Per), N: len(e.people)}) {
				t.Errorf("%s: the message %s is not counted (alone: %v)", sender, ticket.ID, e.alone)
			}
			if !ids[ticket.ID] {
				continue
			}
			delete(ids, ticket.ID)
			maps.Copy(reached, countertest.DigestsOf(e.people))
		}
		if len(ids) > 0 {
			t.Errorf("%s: Redis counts %d messages that did not go", sender, len(ids))
		}
		if len(reached) != len(k.Reached) {
			t.Errorf("%s: %d recipients, want %d", sender, len(k.Reached), len(reached))
		}
		for d := range k.Reached {
			if !reached[d] {
				t.Errorf("%s: Redis holds a recipient of no message", sender)
			}
		}
	}
}

// aWhile is longer than a test.
var aWhile = quota.Window{Per: 10 * time.Minute, Recipients: 1, Count: quota.Copies}

// copiesHere is when the messages leave the window that this relay counts by itself: each
// microsecond is a part of it.
func copiesHere(t *testing.T, l *local.Store, sender string) []usage.Freed {
	t.Helper()
	u, err := l.Usage(t.Context(), sender, []quota.Window{aWhile}, int(aWhile.Per.Microseconds()))
	if err != nil {
		t.Fatal(err)
	}
	return u.Windows[0].Frees
}

var errFault = errors.New("made to fail")

// faults makes some percent of the commands fail: before they are sent, or after they
// were carried out.
type faults struct {
	random  *rand.Rand
	percent atomic.Int32
}

func (f *faults) hook(ctx context.Context, cmd goredis.Cmder, next goredis.ProcessHook) error {
	if f.random.Int32N(100) >= f.percent.Load() {
		return next(ctx, cmd)
	}
	if f.random.IntN(2) > 0 {
		if err := next(ctx, cmd); err != nil {
			return err
		}
	}
	return errFault
}

// load sends messages of the senders from many goroutines until stop is closed.
// Some are committed or released, and those that are not are returned.
func (j *journal) load(t *testing.T, c quota.Counter, senders []string, windows []quota.Window, stop <-chan struct{}) []quota.Ticket {
	t.Helper()
	var mu sync.Mutex
	var left []quota.Ticket
	var wg sync.WaitGroup
	for range 8 {
		own := random.Split(j.random)
		wg.Go(func() {
			var open []quota.Ticket
			for {
				select {
				case <-stop:
					mu.Lock()
					defer mu.Unlock()
					left = append(left, open...)
					return
				case <-time.After(time.Duration(own.Int64N(int64(2 * time.Millisecond)))):
				}
				people := own.Perm(300)[:1+own.IntN(10)]
				r := countertest.ToReserve(senders[own.IntN(len(senders))], crand.Text(), windows, people)
				if j.reserve(t, c, r, people) {
					open = append(open, r.Ticket)
				}
				for len(open) > 30 || len(open) > 0 && own.IntN(2) == 0 {
					i := own.IntN(len(open))
					j.settle(t, c, open[i], own.IntN(3) > 0)
					open = append(open[:i], open[i+1:]...)
				}
			}
		})
	}
	wg.Wait()
	return left
}

func during(d time.Duration) <-chan struct{} {
	stop := make(chan struct{})
	time.AfterFunc(d, func() { close(stop) })
	return stop
}

func TestFaultsLoseNothing(t *testing.T) {
	server := servers.StartRedis(t)
	client := countertest.Direct(t, server)
	config := redisConfig(t, server.Address())
	f, other := openFallback(t, config, t.TempDir()), openRedis(t, config) // two relays
	numbers := random.New(t)
	fault := faults{random: numbers}
	f.redis.Client().AddHook(countertest.Hook(fault.hook))
	senders := []string{"anne", "bertrand", "chloé"}
	j := journal{random: numbers}
	for round := range 12 {
		fault.percent.Store(int32(round * 3))
		stop := during(300 * time.Millisecond)
		var open, others []quota.Ticket
		var wg sync.WaitGroup
		wg.Go(func() { open = j.load(t, f, senders, countertest.Generous, stop) })
		wg.Go(func() { others = j.load(t, other, senders, countertest.Generous, stop) })
		wg.Wait()
		fault.percent.Store(0)
		reconnected(t, f)
		for _, ticket := range open {
			j.settle(t, f, ticket, numbers.IntN(2) > 0)
		}
		for _, ticket := range others {
			j.settle(t, other, ticket, numbers.IntN(2) > 0)
		}
		reconnected(t, f)
		j.check(t, f, client, senders)
	}
	if alone := j.alone(); alone < len(j.entries)/20 || alone > len(j.entries)*19/20 {
		t.Errorf("%d of %d messages were counted locally", alone, len(j.entries))
	}
}
