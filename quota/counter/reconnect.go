package counter

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/rcptquota/rcptquota/quota"
	"github.com/rcptquota/rcptquota/quota/counter/redis"
)

const (
	// minWait and maxWait bound the time between attempts to find Redis again.
	minWait = 100 * time.Millisecond
	maxWait = 2 * time.Second
)

// wakeBackground has the goroutine in the background ping Redis.
func (f *Fallback) wakeBackground() {
	select {
	case f.wake <- struct{}{}:
	default: // it will
	}
}

// reconnect pings Redis whenever it is woken, more and more rarely during an outage,
// and sends the releases that wait once Redis answers, until ctx is done.
func (f *Fallback) reconnect(ctx context.Context) {
	wait := minWait
	var back time.Time // when Redis last answered; zero: it is away
	for {
		select {
		case <-ctx.Done():
			return
		case <-f.wake:
		}
		if f.Away() != nil {
			if !back.IsZero() && time.Since(back) > maxWait {
				wait = minWait // Redis was there for a while: this is another outage
			}
			back = time.Time{}
			if !sleep(ctx, wait/2+rand.N(wait)/2) { //nolint:gosec // relays must not return together, no more
				return
			}
			wait = min(2*wait, maxWait)
		}
		away := f.away.Load()
		if err := f.askRedis(ctx); err != nil {
			_ = f.setAway(err)
			continue
		}
		if !f.away.CompareAndSwap(away, nil) {
			continue // a command has failed since it was asked
		}
		back = time.Now()
		f.sendReleases(ctx)
	}
}

// askRedis reports whether Redis answers and, where it is away, whether it can count
// again: one that is loading, full or a replica answers a PING all the same.
func (f *Fallback) askRedis(ctx context.Context) error {
	if f.Away() == nil {
		return f.redis.Ping(ctx)
	}
	_, err := f.redis.CountNobody(ctx)
	return err
}

// sleep waits for d, and reports false if ctx was done first.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// sendReleases releases in Redis what was released while it was away. What takes too
// long, though Redis answers, is tried again later.
func (f *Fallback) sendReleases(ctx context.Context) {
	again := false
	for _, t := range f.releases.all() {
		err := f.sendRelease(ctx, t)
		if redis.IsTimeout(err) {
			again = true
			if err = f.redis.Ping(ctx); err == nil {
				continue
			}
		}
		if err != nil && !redis.ConcernsSender(err) {
			_ = f.setAway(err)
			return
		}
		f.releases.done(t)
	}
	if again {
		time.AfterFunc(maxWait, f.wakeBackground)
	}
}

func (f *Fallback) sendRelease(ctx context.Context, t quota.Ticket) error {
	done, err := f.turn(ctx, t.Sender)
	if err != nil {
		return err
	}
	defer done()
	return f.redis.Settle(ctx, t, false)
}
