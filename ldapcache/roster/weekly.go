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
	readTrusted = 2 * patience
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

	text  []byte    // what the store held last; nil: nothing
	state State     // what it says
	read  time.Time // when it was read; zero: never
	tried []byte    // what this relay wanted to put there last
	held  *Copy     // taken for what is due, and not yet stored
}

// look implements [plan].
func (w *weekly) look(ctx context.Context, now time.Time) (*known, time.Time) {
	k := &known{err: w.update(ctx, now), state: w.state}
	next := now.Add(jittered(readEvery))
	if w.state.Current == nil {
		return k, next
	}
	k.sureUntil = earliest(w.read.Add(readTrusted), w.calendar.sureUntil(w.state))
	if _, pending := w.state.At(now); pending != nil {
		next = earliest(next, pending.Effect)
	}
	return k, earliest(next, w.calendar.NextCutoff(now))
}

// update reads the store, and takes the copy that is due. While the store is
// away, the copy is taken all the same, and waits: it is to be what was entered
// up to the cutoff.
func (w *weekly) update(ctx context.Context, now time.Time) error {
	err := w.load(ctx, now)
	due, ok := w.calendar.due(w.state, now)
	if !ok || w.read.IsZero() {
		w.held = nil
		return err
	}
	if takeErr := w.take(ctx, due); takeErr != nil || err != nil {
		return cmp.Or(err, takeErr)
	}
	return w.put(ctx, now)
}

// load reads the store, and puts back what it has lost.
func (w *weekly) load(ctx context.Context, now time.Time) error {
	text, err := w.store.Load(ctx)
	if err == nil && text == nil && w.text != nil {
		if _, err = w.store.Swap(ctx, nil, w.text); err == nil {
			text, err = w.store.Load(ctx)
		}
	}
	if err != nil {
		return err
	}
	if !bytes.Equal(text, w.text) {
		state, err := decodeState(text)
		if err != nil {
			return err
		}
		w.text, w.state = text, state
		if bytes.Equal(text, w.tried) {
			tellCopied(w.log, w.state.newest())
		}
	}
	w.read = now
	return nil
}

// take holds the copy that is due.
func (w *weekly) take(ctx context.Context, due Copy) error {
	if w.held != nil && w.held.Cutoff.Equal(due.Cutoff) {
		w.held.Effect = due.Effect // which may be past since
		return nil
	}
	held, err := take(ctx, w.source, w.limit, due)
	w.held = held
	return err
}

// put stores the copy that is held, unless another relay was first: its copy is
// then the one.
func (w *weekly) put(ctx context.Context, now time.Time) error {
	text, err := w.state.with(w.held, now).encode()
	if err != nil {
		return err
	}
	w.tried = text
	swapped, err := w.store.Swap(ctx, w.text, text)
	if err != nil { // it may have arrived
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
