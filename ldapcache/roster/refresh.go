package roster

import (
	"context"
	"errors"
	"log/slog"
	"time"
)

// swapAttempts bounds how often a refresh gives way to others.
const swapAttempts = 3

// Read returns what the relays share now; the zero State when there is nothing
// yet.
func Read(ctx context.Context, store Store) (State, error) {
	text, _, err := store.Load(ctx)
	if err != nil {
		return State{}, err
	}
	return decodeState(text)
}

// Refresh copies the directory now, with effect now, and logs that. The relays see
// it when they read the store next. It also replaces a copy that is pending, and a
// roster that is damaged, lies in the future or is in doubt: whoever asks for a refresh
// confirms that the directory is right. It also returns the state that was replaced; the zero State
// if there was none, or it was damaged. It is an error if our clock and the store's
// differ.
func Refresh(ctx context.Context, config Config, source Source, store Store, log *slog.Logger) (taken *Copy, replaced State, err error) {
	calendar, err := config.Calendar()
	if err != nil {
		return nil, State{}, err
	}
	for range swapAttempts {
		old, clock, err := store.Load(ctx)
		if err != nil {
			return nil, State{}, err
		}
		now := time.Now()
		if _, err := compareClocks(now, clock); err != nil {
			return nil, State{}, err
		}
		due := Copy{Reason: Refreshed, Taken: now, Effect: now}
		if config.Weekly() {
			due.Cutoff = calendar.LastCutoff(now)
		}
		taken, err := copyDirectory(ctx, source, config.PerEstablishment, due)
		if err != nil {
			return nil, State{}, err
		}
		next, err := State{Current: taken}.encode()
		if err != nil {
			return nil, State{}, err
		}
		swapped, err := store.Swap(ctx, old, next)
		if err != nil {
			return nil, State{}, err
		}
		if swapped {
			tellCopied(log, taken)
			replaced, _ := decodeState(old) // the zero State if it is damaged
			return taken, replaced, nil
		}
	}
	return nil, State{}, errors.New("the roster in the store changes all the time; try again")
}

// Preview returns the copy that would be taken now.
func Preview(ctx context.Context, config Config, source Source) (*Copy, error) {
	now := time.Now()
	return copyDirectory(ctx, source, config.PerEstablishment, Copy{Reason: Immediate, Taken: now, Effect: now})
}
