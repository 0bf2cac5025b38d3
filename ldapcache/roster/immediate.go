package roster

import (
	"context"
	"log/slog"
	"slices"
	"time"
)

// leastSure is how long a copy is not doubted, however often copies are taken.
const leastSure = 15 * time.Second

// NewImmediate returns the keeper of a roster that is copied every so often. While
// the directory is away, the last copy is kept, in doubt, for so long.
func NewImmediate(config Config, source Source, every, keep time.Duration, log *slog.Logger) *Keeper {
	return newKeeper(&immediate{limit: config.PerEstablishment, source: source, every: every, keep: keep, log: log}, log)
}

// immediate is the plan without a calendar.
type immediate struct {
	limit       int
	source      Source
	every, keep time.Duration
	log         *slog.Logger

	last *Copy // nil: none yet
}

// look implements [plan].
func (i *immediate) look(ctx context.Context, now time.Time) (*known, time.Time) {
	next, err := take(ctx, i.source, i.limit, Copy{Reason: Immediate, Taken: now, Effect: now})
	if err == nil {
		i.replace(next)
	}
	k := &known{state: State{Current: i.last}, err: err}
	if i.last != nil {
		k.sureUntil = i.last.Taken.Add(max(2*i.every, leastSure))
		k.usableUntil = i.last.Taken.Add(max(i.keep, leastSure))
	}
	return k, now.Add(jittered(i.every))
}

// replace makes next the last copy. What says the same is in effect since before.
func (i *immediate) replace(next *Copy) {
	if i.last != nil && slices.Equal(next.Elected, i.last.Elected) {
		next.Effect = i.last.Effect
	}
	if i.last == nil || !slices.Equal(next.Lost, i.last.Lost) || !slices.Equal(next.Unresolved, i.last.Unresolved) {
		tellLost(i.log, next)
	}
	i.last = next
}
