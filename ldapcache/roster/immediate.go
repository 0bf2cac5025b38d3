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

// NewImmediate returns the keeper of a roster that is copied from the source once in
// every period. While the source is away, the last copy is used, in doubt, for the
// time keep. The store remembers over a restart who was premium; while the store is
// away, the roster is kept in memory only.
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

	last      *Copy     // the last copy that was believed; nil: none yet
	answered  time.Time // when the directory last answered
	sureUntil time.Time // of last; zero: it is in doubt
	named     bool      // those of last above the limit are in the log

	recalled bool   // the store has been read
	text     []byte // what it held; nil: nothing
	kept     *Copy  // the newest copy in text, or nil
	storeErr error  // the last error of the store; nil: it works
}

// CopiedWithin is how long it takes at most until every relay that copies the
// directory once in every period has copied it again.
func CopiedWithin(every time.Duration) time.Duration { return every + every/10 }

// look implements [plan].
func (i *immediate) look(ctx context.Context, now time.Time) (*snapshot, time.Time) {
	trusted := max(2*i.every, leastSure)
	next, err := copyDirectory(ctx, i.source, i.limit, Copy{Reason: Immediate, Taken: now, Effect: now})
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
	i.tellStore(storeErr)
	k := &snapshot{state: State{Current: i.last}, looked: now, trusted: trusted, err: err, sureUntil: i.sureUntil}
	k.usableUntil = i.answered.Add(max(i.keep, leastSure))
	return k, now.Add(jittered(i.every))
}

// recall reads from the store who was premium before a restart and, while the
// directory is not believed, whether a refresh has confirmed it.
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

// believable returns why next is not believed, or nil.
func (i *immediate) believable(next *Copy) error {
	if !i.recalled && i.last == nil && len(next.Elected) == 0 {
		return fmt.Errorf("%w: nobody is premium, and who was cannot be read from the store", errMissing)
	}
	return Missing(i.last, next, i.limit)
}

// replace makes next the last copy. If nothing has changed, the time of effect stays.
func (i *immediate) replace(next *Copy) {
	if i.last != nil && slices.Equal(next.Elected, i.last.Elected) && i.last.Effect.Before(next.Effect) {
		next.Effect = i.last.Effect
	}
	if !i.named || !slices.Equal(next.Lost, i.last.Lost) || !slices.Equal(next.Unresolved, i.last.Unresolved) {
		i.named = true
		tellLost(i.log, next)
	}
	i.last = next
}

// remember stores the last copy if it differs from the stored one and the store's
// clock agrees with ours.
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
	return err // it may be stored all the same; if another relay was first, the next look tries again
}

// tellStore logs, once an outage, that the roster in effect cannot be stored.
func (i *immediate) tellStore(err error) {
	if err != nil && i.storeErr == nil {
		i.log.Warn(msgNotStored, "error", err)
	}
	i.storeErr = err
}
