package counter

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"
)

const (
	// minWait and maxWait bound the time between attempts to find Redis again.
	minWait = 100 * time.Millisecond
	maxWait = 2 * time.Second
)

// nudge wakes the tender.
func (f *Fallback) nudge() {
	select {
	case f.wake <- struct{}{}:
	default: // it is awake
	}
}

// tend brings Redis up to date whenever it is behind, until ctx is done.
func (f *Fallback) tend(ctx context.Context) {
	wait := minWait
	var back time.Time // when Redis came back; zero: it has not
	for {
		select {
		case <-ctx.Done():
			return
		case <-f.wake:
		}
		if f.Away() != nil {
			if !back.IsZero() && time.Since(back) > maxWait {
				wait = minWait // it was there for a while: this is another outage
			}
			back = time.Time{}
			if !sleep(ctx, wait/2+rand.N(wait)/2) { //nolint:gosec // relays must not return together, no more
				return
			}
			wait = min(2*wait, maxWait)
		}
		if err := f.catchUp(ctx); err != nil {
			_ = f.open(err)
		} else {
			back = time.Now()
		}
	}
}

// sleep waits, and reports whether ctx is still not done.
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

// catchUp sends what waits for Redis, asks Redis again, and moves the local
// tallies there. The order matters: a reservation that was lost on its way to
// Redis, and counted here, is released there before it comes with its tally.
func (f *Fallback) catchUp(ctx context.Context) error {
	if err := f.redis.ping(ctx); err != nil {
		return err
	}
	if err := f.sendReleases(ctx); err != nil {
		return err
	}
	f.away.Store(nil)
	for i := range f.lanes { // who found Redis away has counted now
		f.lanes[i].Lock()
		f.lanes[i].Unlock() //nolint:staticcheck // to have waited is all
	}
	if err := f.sendReleases(ctx); err != nil {
		return err
	}
	if f.local == nil {
		return nil
	}
	for _, sender := range f.local.allAhead() {
		if err := f.move(ctx, sender); err != nil {
			return fmt.Errorf("moving there what was counted here: %w", err)
		}
	}
	return nil
}

func (f *Fallback) sendReleases(ctx context.Context) error {
	for _, r := range f.releases.all() {
		if err := f.redis.release(ctx, r.ticket(), r.Lost); err != nil {
			return err
		}
		f.releases.done(r)
	}
	return nil
}

// move brings a sender's tally to Redis: most of it while the sender's messages
// are counted here, and what came meanwhile, if anything, while they wait.
func (f *Fallback) move(ctx context.Context, sender string) error {
	upTo, err := f.redis.merge(ctx, f.local, sender, 0, max(f.redis.timeout, bulkTimeout))
	if err != nil {
		return err
	}
	lane := f.lane(sender)
	lane.Lock()
	defer lane.Unlock()
	if why := f.Away(); why != nil {
		return why // the sender may have a release that must come first
	}
	if upTo, err = f.redis.merge(ctx, f.local, sender, upTo, f.redis.timeout/2); err != nil {
		return err
	}
	f.local.moved(sender, upTo)
	return nil
}
