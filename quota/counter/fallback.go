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

// Fallback counts in Redis and, while Redis is away, by itself, or not at all, as
// the configuration says. It asks Redis until that does not answer; from then on no
// message waits for Redis, until a goroutine in the background has found it again.
//
// A sender of whom this relay counted something alone is counted in both places
// afterwards, and has to fit both, until that has left its windows.
type Fallback struct {
	redis       *Redis
	local       *Local // nil unless this relay counts by itself
	unavailable string

	turns    turns                 // of the commands to Redis
	away     atomic.Pointer[error] // why Redis is not asked; nil: it is
	slow     slowSenders
	releases releases

	wake       chan struct{} // has an element when Redis is to be looked at
	cancel     context.CancelFunc
	background sync.WaitGroup
}

// newFallback puts local, which may be nil unless unavailable is "local", behind
// the store in Redis. It owns both from now on.
func newFallback(redis *Redis, local *Local, unavailable string) *Fallback {
	ctx, cancel := context.WithCancel(context.Background())
	f := &Fallback{redis: redis, local: local, unavailable: unavailable, wake: make(chan struct{}, 1), cancel: cancel}
	f.lookAtRedis()
	f.background.Go(func() { f.reconnect(ctx) })
	return f
}

// Away tells why Redis is not asked at the moment; nil: it is.
func (f *Fallback) Away() error {
	if why := f.away.Load(); why != nil {
		return *why
	}
	return nil
}

// Reserve implements quota.Counter. It does not end with ctx before there is an
// answer, so that the reservation is settled.
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

// notAsked tells why Redis is not asked about a sender now; nil: it is.
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

// reserveAnew counts a message in Redis after what damaged the sender's data there
// was set aside. The count tells so.
func (f *Fallback) reserveAnew(ctx context.Context, r *quota.Reservation, why error) (quota.Count, error) {
	why = f.redis.damaged(r.Sender, why)
	aside, err := f.redis.setAside(ctx, r.Sender)
	if err != nil || aside == 0 {
		return quota.Count{}, errors.Join(why, err)
	}
	count, err := f.redis.Reserve(ctx, r)
	count.Degraded = fmt.Errorf("%w; %d keys were set aside, and counting begins anew", why, aside)
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

// failed learns from the error of a sender's command, and returns what to tell about
// the message that is decided on without Redis.
func (f *Fallback) failed(sender string, err error) error {
	why := f.without(err)
	switch {
	case meaningOf(err) == senderAlone:
		return why
	case !isTimeout(err):
		return f.setAway(err)
	}
	f.slow.add(sender, why)
	f.lookAtRedis()
	return why
}

// setAway stops asking Redis, until it has answered again.
func (f *Fallback) setAway(err error) error {
	why := f.without(err)
	f.away.CompareAndSwap(nil, &why) // else there is a reason already
	f.lookAtRedis()
	return why
}

// without tells what becomes of a message without Redis.
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

// releaseNow reports whether a reservation was released in Redis.
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

// release has a reservation released once Redis answers.
func (f *Fallback) release(t quota.Ticket) {
	f.releases.add(t)
	f.lookAtRedis()
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
