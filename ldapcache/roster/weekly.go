package roster

import (
	"bytes"
	"cmp"
	"context"
	"log/slog"
	"time"
)

const (
	// readEvery is how often the store is asked for what other relays did.
	readEvery = 10 * time.Second
	// Spread is how long it takes until all relays know of another's copy.
	Spread = readEvery + readEvery/2
	// readTrusted is how long an answer of the store is not doubted: longer than a
	// look may take.
	readTrusted = 2 * lookTimeout
)

// NewWeekly returns the keeper of a roster that follows the calendar of a valid
// configuration. The log is written to by [Keeper.Start] and [Keeper.Run] only.
func NewWeekly(config Config, source Source, store Store, log *slog.Logger) (*Keeper, error) {
	calendar, err := config.Calendar()
	if err != nil {
		return nil, err
	}
	return newKeeper(&weekly{
		calendar: calendar, limit: config.PerEstablishment, source: source, store: store, log: log,
	}, log), nil
}

// weekly is the plan with a calendar.
type weekly struct {
	calendar Calendar
	limit    int
	source   Source
	store    Store
	log      *slog.Logger

	shared          // what the store holds
	tried  []byte   // what this relay last tried to store
	held   *Copy    // the copy that is due, taken and not yet stored
	doubt  distrust // of the directory
}

// look implements [plan].
func (w *weekly) look(ctx context.Context, now time.Time) (*snapshot, time.Time) {
	k := &snapshot{err: w.update(ctx, now), state: w.state, looked: now, trusted: readTrusted, clockAhead: w.clockAhead}
	next := now.Add(jittered(readEvery))
	if w.state.Current == nil {
		return k, next
	}
	if w.clockAhead == 0 && doubtOf(k.err) != WrongClock {
		k.sureUntil = earliest(w.read.Add(readTrusted), w.calendar.sureUntil(w.state))
	}
	if _, pending := w.state.At(now.Add(-w.clockAhead)); pending != nil {
		next = earliest(next, pending.Effect.Add(w.clockAhead))
	}
	return k, earliest(next, w.calendar.NextCutoff(now))
}

// update reads the store, and takes the copy that is due. While the store is
// away, the copy is taken all the same, and waits: it is to be what was entered
// up to the cutoff. While a clock is wrong, nothing is copied: nobody knows what is due.
func (w *weekly) update(ctx context.Context, now time.Time) error {
	err := w.load(ctx, now)
	due, ok := w.calendar.due(w.state, now)
	if !ok || w.read.IsZero() || w.clockAhead != 0 {
		w.held, w.doubt = nil, distrust{}
		return cmp.Or(err, w.state.doubt())
	}
	if takeErr := w.copyDue(ctx, due, now); takeErr != nil || err != nil {
		return cmp.Or(err, takeErr)
	}
	return cmp.Or(w.put(ctx, now), w.state.doubt())
}

// load reads the store, and tells of what this relay put there.
func (w *weekly) load(ctx context.Context, now time.Time) error {
	before := w.text
	err := w.shared.load(ctx, w.store, w.log, now)
	if err == nil && w.calendar.comesBack(w.state, now) {
		err = w.restore(ctx, now)
	}
	if err == nil && !bytes.Equal(w.text, before) && bytes.Equal(w.text, w.tried) {
		tellCopied(w.log, w.state.Newest())
	}
	return err
}

// restore stores the state again that was set aside.
func (w *weekly) restore(ctx context.Context, now time.Time) error {
	text, err := w.state.Aside.encode()
	if err != nil {
		return err
	}
	return w.replace(ctx, w.store, text, now)
}

// copyDue copies what is due into held, or returns why that cannot be done or believed.
func (w *weekly) copyDue(ctx context.Context, due Copy, now time.Time) error {
	if w.held != nil && w.held.Cutoff.Equal(due.Cutoff) && !w.held.Taken.After(now) {
		w.held.Effect = due.Effect // which may have passed since
		return nil
	}
	w.held = nil
	if err := w.doubt.recent(w.text, now); err != nil {
		return err
	}
	held, err := copyDirectory(ctx, w.source, w.limit, due)
	if err != nil {
		return err
	}
	if err := Missing(w.before(), held, w.limit); err != nil {
		w.doubt = distrust{err, w.text, now}
		return err
	}
	w.held = held
	return nil
}

// put stores the copy that is held, unless another relay was first: its copy is
// then the one.
func (w *weekly) put(ctx context.Context, now time.Time) error {
	text, err := w.next(w.held, now).encode()
	if err != nil {
		return err
	}
	w.tried = text
	swapped, err := w.store.Swap(ctx, w.stored, text)
	if err != nil { // it may be stored all the same
		return err
	}
	if !swapped {
		w.tried = nil
	}
	return w.load(ctx, now)
}

func earliest(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}
