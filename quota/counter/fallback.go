package counter

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rcptquota/rcptquota/quota"
	"github.com/rcptquota/rcptquota/quota/counter/local"
	"github.com/rcptquota/rcptquota/quota/counter/redis"
	"github.com/rcptquota/rcptquota/quota/counter/underway"
)

// turnTimeout is how long a message may wait for its sender's other messages.
const turnTimeout = 5 * time.Second

// Fallback counts in Redis and, while Redis is away, in this process or not at all, as
// the configuration says. Once Redis does not answer, no message waits for it any more,
// until a goroutine in the background finds that it answers again.
//
// A sender whom this relay counted alone is afterwards counted in both places, and has
// to fit both, until what was counted alone has left the sender's windows.
type Fallback struct {
	redis       *redis.Store
	local       *local.Store // nil unless this relay counts by itself
	unavailable string

	turns    underway.Turns           // of the commands to Redis, by sender
	away     atomic.Pointer[error]    // why Redis is not asked; nil: it is asked
	releases *releases                // that wait for Redis
	next     atomic.Pointer[Fallback] // which has the same releases, and took this one's place

	wake       chan struct{} // has an element when Redis is to be pinged
	cancel     context.CancelFunc
	background sync.WaitGroup
}

// replaces has f take the place of before, whose Redis is the same: what could not be
// released there yet, f releases.
func (f *Fallback) replaces(before *Fallback) {
	f.releases = before.releases
	before.next.Store(f)
}

// newFallback puts own, which may be nil unless unavailable is "local", behind
// shared, the store in Redis. It owns both from now on. It takes the place of before, unless
// that is nil.
func newFallback(shared *redis.Store, own *local.Store, unavailable string, before *Fallback) *Fallback {
	ctx, cancel := context.WithCancel(context.Background())
	f := &Fallback{redis: shared, local: own, unavailable: unavailable, releases: &releases{}, wake: make(chan struct{}, 1), cancel: cancel}
	if before != nil {
		f.replaces(before)
	}
	f.wakeBackground()
	f.background.Go(func() { f.reconnect(ctx) })
	return f
}

// Away returns why Redis is not asked at the moment; nil: it is asked.
func (f *Fallback) Away() error {
	if why := f.away.Load(); why != nil {
		return *why
	}
	return nil
}

// Reserve implements quota.Counter. It goes on when ctx ends, so that there is always
// an answer, and the reservation is settled.
func (f *Fallback) Reserve(ctx context.Context, r *quota.Reservation) (quota.Count, error) {
	ctx = context.WithoutCancel(ctx)
	done, err := f.turn(ctx, r.Sender)
	if err != nil {
		return quota.Count{}, err
	}
	defer done()
	if why := f.Away(); why != nil {
		return f.alone(ctx, r, why, f.local.ReserveAlone)
	}
	if f.countedAlone(ctx, r.Sender) {
		return f.both(ctx, r)
	}
	return f.reserve(ctx, r)
}

func (f *Fallback) turn(ctx context.Context, sender string) (done func(), err error) {
	ctx, cancel := context.WithTimeout(ctx, turnTimeout)
	defer cancel()
	return f.turns.Wait(ctx, sender)
}

// reserve counts a message in Redis, or alone where Redis does not answer.
func (f *Fallback) reserve(ctx context.Context, r *quota.Reservation) (quota.Count, error) {
	count, why := f.ask(ctx, r)
	if why == nil || errors.Is(why, quota.ErrTooManyOpen) {
		return count, why
	}
	count, err := f.alone(ctx, r, why, f.local.ReserveAlone)
	if err != nil || count.Exceeded >= 0 {
		f.release(r.Ticket) // Redis may have counted it
	}
	return count, err
}

// ask has Redis count a message. A command that took too long is repeated if Redis
// answers a ping: it may have been slow for its own reasons, and counts once. The error
// is why the message is to be decided on without Redis, or [quota.ErrTooManyOpen].
func (f *Fallback) ask(ctx context.Context, r *quota.Reservation) (quota.Count, error) {
	count, err := f.redis.Reserve(ctx, r)
	if redis.IsTimeout(err) {
		if err := f.redis.Ping(ctx); err != nil {
			return quota.Count{}, f.setAway(err)
		}
		count, err = f.redis.Reserve(ctx, r)
	}
	if err != nil && redis.ConcernsSender(err) {
		count, err = f.reserveAnew(ctx, r, err)
	}
	if err == nil || errors.Is(err, quota.ErrTooManyOpen) {
		return count, err
	}
	return quota.Count{}, f.failed(err)
}

// reserveAnew sets aside what is damaged of the sender's data in Redis because of why,
// and counts the message there. The count says so in its Degraded.
func (f *Fallback) reserveAnew(ctx context.Context, r *quota.Reservation, why error) (quota.Count, error) {
	why = f.redis.Damaged(r.Sender, why)
	aside, err := f.redis.SetAside(ctx, r.Sender)
	if err != nil || aside == 0 {
		return quota.Count{}, errors.Join(why, err)
	}
	count, err := f.redis.Reserve(ctx, r)
	count.Degraded = fmt.Errorf("%w; %d keys were set aside, and their counts begin anew", why, aside)
	return count, err
}

// both counts a message here and in Redis, or in neither.
func (f *Fallback) both(ctx context.Context, r *quota.Reservation) (quota.Count, error) {
	here, err := f.local.Reserve(ctx, r)
	if err != nil || here.Exceeded >= 0 {
		return here, err
	}
	count, err := f.reserve(ctx, r)
	if err != nil || count.Exceeded >= 0 {
		err = errors.Join(err, f.local.Settle(ctx, r.Ticket, false))
	}
	return count, err
}

// alone answers without Redis; here is how this relay counts, which may be nil unless it
// does.
func (f *Fallback) alone(ctx context.Context, r *quota.Reservation, why error, here func(context.Context, *quota.Reservation) (quota.Count, error)) (quota.Count, error) {
	switch f.unavailable {
	case unavailableLocal:
		count, err := here(ctx, r)
		count.Degraded = errors.Join(why, count.Degraded)
		return count, err
	case unavailablePass:
		return quota.Count{At: time.Now(), Exceeded: -1, Degraded: why}, nil
	}
	return quota.Count{}, why
}

// failed draws the consequences of an error of a command, and returns why a message is
// decided on without Redis.
func (f *Fallback) failed(err error) error {
	if redis.ConcernsSender(err) || redis.IsTimeout(err) {
		return f.without(err)
	}
	return f.setAway(err)
}

// setAway stops asking Redis, until it has answered again.
func (f *Fallback) setAway(err error) error {
	why := f.without(err)
	f.away.CompareAndSwap(nil, &why) // the first reason stays
	f.wakeBackground()
	return why
}

// without adds to the error what becomes of messages without Redis.
func (f *Fallback) without(err error) error {
	consequence := map[string]string{
		unavailableLocal: "this relay counts alone",
		unavailablePass:  "nothing is counted",
		unavailableDefer: "nothing can be counted",
	}[f.unavailable]
	return fmt.Errorf("%s: %w", consequence, err)
}

// Settle implements quota.Counter. A release that cannot be sent waits until Redis
// is back.
func (f *Fallback) Settle(ctx context.Context, t quota.Ticket, commit bool) error {
	ctx = context.WithoutCancel(ctx)
	var err error
	if f.local != nil {
		err = f.local.Settle(ctx, t, commit)
	}
	if commit {
		return errors.Join(err, f.redis.Settle(ctx, t, true)) // costs no command
	}
	if !f.releaseNow(ctx, t) {
		f.release(t)
	}
	return err
}

// releaseNow tries to release a reservation in Redis. It reports false when that has to
// be tried again.
func (f *Fallback) releaseNow(ctx context.Context, t quota.Ticket) bool {
	if f.Away() != nil {
		return false
	}
	done, err := f.turn(ctx, t.Sender)
	if err != nil {
		return false
	}
	defer done()
	if f.Away() != nil {
		return false
	}
	err = f.redis.Settle(ctx, t, false)
	if err != nil {
		_ = f.failed(err)
	}
	return err == nil || redis.ConcernsSender(err) // then there is nothing to release
}

// release queues the release of a reservation for when Redis answers.
func (f *Fallback) release(t quota.Ticket) {
	f.releases.add(t)
	f.wakeBackground()
}

// Notice is [local.Store.Notice] of the store in this process, if there is one.
func (f *Fallback) Notice() error {
	if f.local == nil {
		return nil
	}
	return f.local.Notice()
}

// Inspect inspects the Redis behind f, whether or not messages are counted there now.
// The error means that it is away.
func (f *Fallback) Inspect(ctx context.Context) (redis.Inspection, error) {
	return f.redis.Inspect(ctx, true)
}

// Close saves what was counted here and closes both stores.
func (f *Fallback) Close() error {
	f.cancel()
	f.background.Wait()
	if next := f.next.Load(); next != nil {
		next.wakeBackground() // for what waits
	}
	err := f.redis.Close()
	if f.local != nil {
		err = errors.Join(err, f.local.Close())
	}
	return err
}
