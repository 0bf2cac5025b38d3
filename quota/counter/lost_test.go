//go:build servers

package counter

import (
	"context"
	"sync"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/rcptquota/rcptquota/test/servers"
)

// A message is lost on its way to Redis, having been carried out there, at the
// worst moment while another one's tally comes to Redis.
func TestLostWhileCatchingUp(t *testing.T) {
	for name, moment := range map[string]*redis.Script{
		"the releases are sent":    settleScript,
		"the first tally is moved": mergeScript,
	} {
		t.Run(name, func(t *testing.T) {
			server := servers.StartRedis(t)
			f := openFallback(t, redisConfig(t, server.Address()), t.TempDir())
			caughtUp(t, f)
			var j journal
			reserve := func(id string) {
				j.reserve(t, f, toReserve("anne", id, generous, people(0, 3)), people(0, 3))
			}
			arrived, proceed, decided := make(chan struct{}), make(chan struct{}), make(chan struct{})
			var once sync.Once
			f.redis.client.AddHook(hook(func(ctx context.Context, cmd redis.Cmder, next redis.ProcessHook) error {
				switch {
				case runs(cmd, reserveScript) && cmd.Args()[6] == "fails": // so that there is something to do
					return errFault
				case runs(cmd, reserveScript) && cmd.Args()[6] == "lost":
					close(arrived)
					<-proceed
					_ = next(ctx, cmd)
					return errFault
				case runs(cmd, moment):
					err := next(ctx, cmd)
					once.Do(func() { close(proceed); <-decided })
					return err
				}
				return next(ctx, cmd)
			}))
			var wg sync.WaitGroup
			wg.Go(func() { reserve("lost"); close(decided) })
			<-arrived
			reserve("fails")
			wg.Wait()
			caughtUp(t, f)
			if len(j.entries) != 2 || j.alone() != 2 {
				t.Errorf("counted: %v", j.entries)
			}
			j.check(t, f, direct(t, server), []string{"anne"})
		})
	}
}

// What was counted in Redis and, since the process was killed, is still here
// counts once.
func TestMergedTwice(t *testing.T) {
	server := servers.StartRedis(t)
	r, client := openRedis(t, redisConfig(t, server.Address())), direct(t, server)
	l, err := openLocalWith(t.TempDir(), r.digests)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close() //nolint:errcheck // nobody needs it
	elsewhere := toReserve("anne", "elsewhere", generous, people(0, 4))
	mustReserve(t, r, elsewhere)
	mustReserve(t, l, elsewhere)
	mustReserve(t, l, toReserve("anne", "here", generous, people(2, 7)))
	for range 2 {
		if _, err := r.merge(t.Context(), l, "anne", 0, bulkTimeout); err != nil {
			t.Fatal(err)
		}
	}
	if k := stored(t, client, r.keys("anne")); k.total() != 4+5 || len(k.reached) != 7 {
		t.Errorf("Redis holds %d copies, %d recipients", k.total(), len(k.reached))
	}
	mustSettle(t, r, elsewhere.Ticket, false)
	if k := stored(t, client, r.keys("anne")); k.total() != 5 || len(k.reached) != 5 {
		t.Errorf("after the release: %d copies, %d recipients", k.total(), len(k.reached))
	}
}
