package counter

import (
	"context"
	"time"
)

// merge brings to Redis what of a sender is newer than since and counted in l
// alone, and returns up to when. What is there already does not count twice, so
// that it may be tried again after an error.
func (r *Redis) merge(ctx context.Context, l *Local, sender string, since int64, timeout time.Duration) (int64, error) {
	c := r.commands.Get().(*command)
	defer r.commands.Put(c)
	upTo := l.send(sender, since, func(t *tally) { c.merge(l.origin(), t) })
	if upTo == since {
		return upTo, nil
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	return upTo, r.fail(mergeScript.Run(ctx, r.client, r.keys(sender), c.args...).Err())
}
