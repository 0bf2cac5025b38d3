package counter

import (
	"context"
	"time"
)

// merge adds to Redis what the tally of a sender has after the time since, and
// returns up to when. What is there already does not count twice, so that it may
// be tried again after an error.
func (r *Redis) merge(ctx context.Context, l *Local, sender string, since int64, timeout time.Duration) (int64, error) {
	c := r.commands.Get().(*command)
	defer r.commands.Put(c)
	upTo := since
	l.read(sender, since, func(t *tally) {
		if t != nil {
			upTo = t.Last
			c.merge(l.origin(), t)
		}
	})
	if upTo == since {
		return upTo, nil
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	return upTo, r.fail(mergeScript.Run(ctx, r.client, r.keys(sender), c.args...).Err())
}
