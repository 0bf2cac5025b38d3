package counter

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rcptquota/rcptquota/quota"
)

// lanes is how many locks the senders are spread over.
const lanes = 64

// Fallback counts in Redis and, while Redis is away, by itself, or not at all, as
// the configuration says. It asks Redis until a command fails; from then on no
// message waits for Redis, until a goroutine behind their backs has found it
// again and brought it up to date.
//
// A sender is counted in one place at a time: in Redis, unless it is away or the
// sender's local tally has not yet moved there. So a reservation is where its
// id is found, locally first.
type Fallback struct {
	redis       *Redis
	local       *Local // nil unless this relay counts by itself
	unavailable string

	away     atomic.Pointer[error] // why Redis is not asked; nil: it is
	releases *releases             // those of local, which saves them, if there is one
	seed     maphash.Seed
	lanes    [lanes]sync.RWMutex // who counts a sender locally reads, who moves one writes

	wake   chan struct{} // there may be something to do behind the messages' backs
	cancel context.CancelFunc
	tender sync.WaitGroup
}

// newFallback puts local, which may be nil unless unavailable is "local", behind
// the store in Redis. It owns both from now on. What local holds moves to Redis.
func newFallback(redis *Redis, local *Local, unavailable string) *Fallback {
	ctx, cancel := context.WithCancel(context.Background())
	f := &Fallback{
		redis: redis, local: local, unavailable: unavailable,
		releases: &releases{}, seed: maphash.MakeSeed(), wake: make(chan struct{}, 1), cancel: cancel,
	}
	if local != nil {
		f.releases = &local.releases
	}
	f.nudge()
	f.tender.Go(func() { f.tend(ctx) })
	return f
}

func (f *Fallback) lane(sender string) *sync.RWMutex {
	return &f.lanes[maphash.String(f.seed, sender)%lanes]
}

// Away tells why Redis is not asked at the moment; nil: it is.
func (f *Fallback) Away() error {
	if why := f.away.Load(); why != nil {
		return *why
	}
	return nil
}

// errBehind is why a sender is counted here although Redis is there.
var errBehind = errors.New("this relay counts alone: what it counted while Redis was away is not yet in Redis")

// Reserve implements quota.Counter. It takes no longer than a command to Redis
// may take, and does not end with ctx, so that there is always an answer and the
// reservation is settled.
func (f *Fallback) Reserve(ctx context.Context, r *quota.Reservation) (quota.Count, error) {
	ctx = context.WithoutCancel(ctx)
	lane := f.lane(r.Sender)
	lane.RLock()
	if why := f.here(r.Sender); why != nil {
		defer lane.RUnlock()
		return f.alone(ctx, r, why)
	}
	lane.RUnlock()
	count, err := f.redis.Reserve(ctx, r)
	if err == nil {
		return count, nil
	}
	f.releases.add(r.Ticket, true) // it is decided here, whatever Redis did
	lane.RLock()
	defer lane.RUnlock()
	return f.alone(ctx, r, f.open(err))
}

// here tells why the sender is not counted in Redis now; nil: it is. The caller
// holds the sender's lane.
func (f *Fallback) here(sender string) error {
	if why := f.Away(); why != nil {
		return why
	}
	if f.local != nil && f.local.ahead(sender) {
		return errBehind
	}
	return nil
}

// alone answers without Redis. The caller holds the sender's lane.
func (f *Fallback) alone(ctx context.Context, r *quota.Reservation, why error) (quota.Count, error) {
	switch f.unavailable {
	case unavailableLocal:
		count, err := f.local.Reserve(ctx, r)
		count.Degraded = errors.Join(why, count.Degraded)
		return count, err
	case unavailablePass:
		return quota.Count{At: time.Now(), Exceeded: -1, Degraded: why}, nil
	}
	return quota.Count{}, why
}

// open stops asking Redis, and returns what to tell those who would.
func (f *Fallback) open(err error) error {
	consequence := map[string]string{
		unavailableLocal: "this relay counts alone",
		unavailablePass:  "nothing is counted",
		unavailableDefer: "nothing can be counted",
	}[f.unavailable]
	why := fmt.Errorf("%s: %w", consequence, err)
	f.away.CompareAndSwap(nil, &why) // else there is a reason already
	f.nudge()
	return why
}

// Settle implements quota.Counter. It never fails: a release that cannot be sent
// waits until Redis is back.
func (f *Fallback) Settle(ctx context.Context, t quota.Ticket, stood bool) error {
	here, there := false, true
	if f.local != nil {
		here, there = f.local.settleHere(t, stood)
	}
	if !there {
		return nil
	}
	if stood {
		return f.redis.Settle(ctx, t, true) // costs no command
	}
	if !here && f.Away() == nil {
		err := f.redis.Settle(context.WithoutCancel(ctx), t, false)
		if err == nil {
			return nil
		}
		_ = f.open(err)
	}
	f.releases.add(t, false)
	f.nudge()
	return nil
}

// Close saves what is not in Redis and closes both stores.
func (f *Fallback) Close() error {
	f.cancel()
	f.tender.Wait()
	err := f.redis.Close()
	if f.local != nil {
		err = errors.Join(err, f.local.Close())
	}
	return err
}
