package counter

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"github.com/rcptquota/rcptquota/quota"
	"github.com/rcptquota/rcptquota/quota/counter/usage"
)

// Asking returns a counter that answers as store does and counts nothing, so that a
// [quota.Policy] can judge a message that nobody sends.
func Asking(store interface {
	Try(ctx context.Context, r *quota.Reservation) (quota.Count, error)
},
) quota.Counter {
	return asking{store.Try}
}

type asking struct {
	try func(ctx context.Context, r *quota.Reservation) (quota.Count, error)
}

// Reserve implements quota.Counter.
func (a asking) Reserve(ctx context.Context, r *quota.Reservation) (quota.Count, error) {
	return a.try(ctx, r)
}

// Settle implements quota.Counter: there is nothing to settle.
func (asking) Settle(context.Context, quota.Ticket, bool) error { return nil }

// Try answers from where [Fallback.Reserve] would now, and counts nothing. What it finds
// of Redis concerns nobody else: only messages take Redis to be away.
func (f *Fallback) Try(ctx context.Context, r *quota.Reservation) (quota.Count, error) {
	done, err := f.turn(ctx, r.Sender)
	if err != nil {
		return quota.Count{}, err
	}
	defer done()
	if why := f.Away(); why != nil {
		return f.alone(ctx, r, why, f.local.Try)
	}
	if f.countedAlone(ctx, r.Sender) {
		if here, err := f.local.Try(ctx, r); err != nil || here.Exceeded >= 0 {
			return here, err
		}
	}
	count, err := f.redis.Try(ctx, r)
	if err != nil && !errors.Is(err, quota.ErrTooManyOpen) {
		return f.alone(ctx, r, f.without(err), f.local.Try)
	}
	return count, err
}

// countedAlone reports whether a message of the sender has to fit here, too.
func (f *Fallback) countedAlone(ctx context.Context, sender string) bool {
	return f.local != nil && f.local.CountedAlone(ctx, sender)
}

// Usage implements [Counter]. While Redis is away, it is what this relay counts by itself.
func (f *Fallback) Usage(ctx context.Context, sender string, windows []quota.Window, parts int) (usage.Sender, error) {
	done, err := f.turn(ctx, sender)
	if err != nil {
		return usage.Sender{}, err
	}
	defer done()
	why := f.Away()
	var all usage.Sender
	if why == nil {
		if all, err = f.redis.Usage(ctx, sender, windows, parts); err != nil {
			why = f.without(err)
		}
	}
	switch {
	case why == nil && f.countedAlone(ctx, sender):
		here, err := f.local.Usage(ctx, sender, windows, parts)
		all.Alone = &here
		return all, err
	case why == nil:
		return all, nil
	case f.local == nil:
		return usage.Sender{}, why
	}
	here, err := f.local.Usage(ctx, sender, windows, parts)
	here.Degraded = errors.Join(why, here.Degraded)
	return here, err
}

// Senders implements [Counter]. Those whom this relay counted by itself come last.
func (f *Fallback) Senders(ctx context.Context) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		why := f.Away()
		if why == nil {
			for sender, err := range f.redis.Senders(ctx) {
				if why = err; err == nil && !yield(sender, nil) {
					return
				}
			}
		}
		if f.local != nil {
			for sender, err := range f.local.Senders(ctx) {
				if !yield(sender, err) || err != nil {
					return
				}
			}
		}
		if why != nil {
			yield("", fmt.Errorf("not all senders are known: %w", why))
		}
	}
}

// Reset implements [Counter]. What other relays counted by themselves in an outage stays
// counted there.
func (f *Fallback) Reset(ctx context.Context, sender string) error {
	done, err := f.turn(ctx, sender)
	if err != nil {
		return err
	}
	defer done()
	if f.local != nil {
		err = f.local.Reset(ctx, sender)
	}
	return errors.Join(err, f.redis.Reset(ctx, sender))
}
