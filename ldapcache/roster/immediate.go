package roster

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"slices"
	"time"
)

// leastSure is how long a copy is not doubted, however often copies are taken.
const leastSure = 15 * time.Second

// NewImmediate returns the keeper of a roster that is copied at intervals of every. While
// the directory is away, the last copy stays in effect, in doubt, for as long as keep.
// The store remembers over a restart who was premium; while it is away, the roster is
// kept all the same.
func NewImmediate(config Config, source Source, store Store, every, keep time.Duration, log *slog.Logger) *Keeper {
	return newKeeper(&immediate{
		limit: config.PerEstablishment, source: source, store: store, every: every, keep: keep, log: log,
	}, log)
}

// immediate is the plan without a calendar.
type immediate struct {
	limit       int
	source      Source
	store       Store
	every, keep time.Duration
	log         *slog.Logger

	last      *Copy     // the last believed copy; nil: none yet
	answered  time.Time // when the directory answered last
	sureUntil time.Time // until when last is certainly right
	named     bool      // those of last who do not count were logged

	recalled bool   // the store was read
	text     []byte // what it held; nil: nothing
	kept     *Copy  // what that says, or nil
	storeErr error  // that was logged last; nil: the store works
}

// look implements [plan].
func (i *immediate) look(ctx context.Context, now time.Time) (*snapshot, time.Time) {
	trusted := max(2*i.every, leastSure)
	next, err := takeCopy(ctx, i.source, i.limit, Copy{Reason: Immediate, Taken: now, Effect: now})
	storeErr := i.recall(ctx)
	if err == nil {
		i.answered = now
		err = i.believable(next)
		i.sureUntil = time.Time{}
	}
	if err == nil {
		i.sureUntil = now.Add(trusted)
		i.replace(next)
		storeErr = cmp.Or(storeErr, i.remember(ctx, now))
	}
	i.logStoreError(storeErr)
	k := &snapshot{state: State{Current: i.last}, looked: now, trusted: trusted, err: err, sureUntil: i.sureUntil}
	k.usableUntil = i.answered.Add(max(i.keep, leastSure))
	return k, now.Add(jittered(i.every))
}

// recall reads who was premium before a restart and, while the directory is not believed,
// whether somebody has refreshed the roster since.
func (i *immediate) recall(ctx context.Context) error {
	if i.recalled && !i.sureUntil.IsZero() {
		return nil
	}
	text, _, err := i.store.Load(ctx)
	if err != nil {
		return err
	}
	if i.recalled && bytes.Equal(text, i.text) {
		return nil
	}
	state, err := decodeState(text)
	if err != nil {
		return err
	}
	i.recalled, i.text, i.kept = true, text, state.Newest()
	if i.kept != nil {
		i.last = i.kept
	}
	return nil
}

// believable tells why next is not believed.
func (i *immediate) believable(next *Copy) error {
	if !i.recalled && i.last == nil && len(next.Elected) == 0 {
		return fmt.Errorf("%w: nobody is premium, and who was cannot be read in the store", errMissing)
	}
	return Missing(i.last, next, i.limit)
}

// replace makes next the last copy. What says the same is in effect since before.
func (i *immediate) replace(next *Copy) {
	if i.last != nil && slices.Equal(next.Elected, i.last.Elected) && i.last.Effect.Before(next.Effect) {
		next.Effect = i.last.Effect
	}
	if !i.named || !slices.Equal(next.Lost, i.last.Lost) || !slices.Equal(next.Unresolved, i.last.Unresolved) {
		i.named = true
		logLost(i.log, next)
	}
	i.last = next
}

// remember stores the last copy, where it says something else than the one stored,
// and the store agrees about the time.
func (i *immediate) remember(ctx context.Context, now time.Time) error {
	if !i.recalled || i.kept != nil && slices.Equal(i.kept.Elected, i.last.Elected) {
		return nil
	}
	old, clock, err := i.store.Load(ctx)
	if err != nil {
		return err
	}
	if _, err := compareClocks(now, clock); err != nil {
		return err
	}
	if _, err := decodeState(old); err != nil {
		return err
	}
	text, err := State{Current: i.last}.encode()
	if err != nil {
		return err
	}
	swapped, err := i.store.Swap(ctx, old, text)
	if swapped {
		i.text, i.kept = text, i.last
	}
	return err // it may have arrived; where another relay was first, the next look tries again
}

// logStoreError logs that what is in effect cannot be stored, once.
func (i *immediate) logStoreError(err error) {
	if err != nil && i.storeErr == nil {
		i.log.Warn(msgNotStored, "error", err)
	}
	i.storeErr = err
}
