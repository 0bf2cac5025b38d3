package local

import (
	"context"
	"iter"
)

// Senders yields the senders of whom anything is counted, by the names that
// [quota.Ticket] has for them, in no order. The error is that of ctx.
func (l *Store) Senders(ctx context.Context) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for i := range l.shards { // one lock at a time, and not while they are used
			for _, sender := range l.shards[i].senders() {
				if err := ctx.Err(); !yield(sender, err) || err != nil {
					return
				}
			}
		}
	}
}

// Reset forgets all that is counted of a sender. Messages under way are not counted any
// more either; settling them later is no error. The error wraps [quota.ErrTooManyOpen].
func (l *Store) Reset(ctx context.Context, sender string) error {
	if !l.knows(sender) {
		return nil
	}
	return l.with(ctx, sender, func(t *tally) { *t = tally{Last: t.Last} }) // for no time is given out twice
}
