package counter

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rcptquota/rcptquota/quota"
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
	redis       *Redis
	local       *Local // nil unless this relay counts by itself
	unavailable string

	turns    turns                 // of the commands to Redis, by sender
	away     atomic.Pointer[error] // why Redis is not asked; nil: it is asked
	slow     slowSenders
	releases releases // that wait for Redis

	wake       chan struct{} // has an element when Redis is to be pinged
	cancel     context.CancelFunc
	background sync.WaitGroup
}

// newFallback puts local, which may be nil unless unavailable is "local", behind
// the store in Redis. It owns both from now on.
func newFallback(redis *Redis, local *Local, unavailable string) *Fallback {
	ctx, cancel := context.WithCancel(context.Background())
	f := &Fallback{redis: redis, local: local, unavailable: unavailable, wake: make(chan struct{}, 1), cancel: cancel}
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
	if why := f.notAsked(r.Sender); why != nil {
		return f.alone(ctx, r, why)
	}
	if f.local != nil && f.local.countedAlone(ctx, r.Sender) {
		return f.both(ctx, r)
	}
	return f.reserve(ctx, r)
}

// notAsked returns why Redis is not asked about a sender now; nil: it is asked.
func (f *Fallback) notAsked(sender string) error { return cmp.Or(f.Away(), f.slow.why(sender)) }

func (f *Fallback) turn(ctx context.Context, sender string) (done func(), err error) {
	ctx, cancel := context.WithTimeout(ctx, turnTimeout)
	defer cancel()
	return f.turns.wait(ctx, sender)
}

// reserve counts a message in Redis, or alone where Redis does not answer.
func (f *Fallback) reserve(ctx context.Context, r *quota.Reservation) (quota.Count, error) {
	count, err := f.redis.Reserve(ctx, r)
	if err != nil && meaningOf(err) == senderAlone {
		count, err = f.reserveAnew(ctx, r, err)
	}
	if err == nil || errors.Is(err, quota.ErrTooManyOpen) {
		return count, err
	}
	count, err = f.alone(ctx, r, f.failed(r.Sender, err))
	if err != nil || count.Exceeded >= 0 {
		f.release(r.Ticket) // Redis may have counted it
	}
	return count, err
}

// reserveAnew sets aside what is damaged of the sender's data in Redis because of why,
// and counts the message there. The count says so in its Degraded.
func (f *Fallback) reserveAnew(ctx context.Context, r *quota.Reservation, why error) (quota.Count, error) {
	why = f.redis.damaged(r.Sender, why)
	aside, err := f.redis.setAside(ctx, r.Sender)
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

// alone answers without Redis.
func (f *Fallback) alone(ctx context.Context, r *quota.Reservation, why error) (quota.Count, error) {
	switch f.unavailable {
	case unavailableLocal:
		count, err := f.local.reserve(ctx, r, true)
		count.Degraded = errors.Join(why, count.Degraded)
		return count, err
	case unavailablePass:
		return quota.Count{At: time.Now(), Exceeded: -1, Degraded: why}, nil
	}
	return quota.Count{}, why
}

// failed draws the consequences of an error of a sender's command, and returns why the
// message is decided on without Redis.
func (f *Fallback) failed(sender string, err error) error {
	why := f.without(err)
	switch {
	case meaningOf(err) == senderAlone:
		return why
	case !isTimeout(err):
		return f.setAway(err)
	}
	f.slow.add(sender, why)
	f.wakeBackground()
	return why
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
	if f.notAsked(t.Sender) != nil {
		return false
	}
	err = f.redis.Settle(ctx, t, false)
	if err != nil {
		_ = f.failed(t.Sender, err)
	}
	return err == nil || meaningOf(err) == senderAlone // then there is nothing to release
}

// release queues the release of a reservation for when Redis answers.
func (f *Fallback) release(t quota.Ticket) {
	f.releases.add(t)
	f.wakeBackground()
}

// Close saves what was counted here and closes both stores.
func (f *Fallback) Close() error {
	f.cancel()
	f.background.Wait()
	err := f.redis.Close()
	if f.local != nil {
		err = errors.Join(err, f.local.Close())
	}
	return err
}
