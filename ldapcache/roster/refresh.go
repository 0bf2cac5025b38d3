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
	text, err := store.Load(ctx)
	if err != nil {
		return State{}, err
	}
	return decodeState(text)
}

// Refresh copies the directory now, with effect now, and logs that. The relays see
// it when they read the store next. It replaces what is pending, too, and what is
// damaged.
func Refresh(ctx context.Context, config Config, source Source, store Store, log *slog.Logger) (*Copy, error) {
	calendar, err := config.Calendar()
	if err != nil {
		return nil, err
	}
	for range swapAttempts {
		old, err := store.Load(ctx)
		if err != nil {
			return nil, err
		}
		now := time.Now()
		taken, err := take(ctx, source, config.PerEstablishment,
			Copy{Reason: Refreshed, Cutoff: calendar.LastCutoff(now), Taken: now, Effect: now})
		if err != nil {
			return nil, err
		}
		next, err := State{Current: taken}.encode()
		if err != nil {
			return nil, err
		}
		swapped, err := store.Swap(ctx, old, next)
		if err != nil {
			return nil, err
		}
		if swapped {
			tellCopied(log, taken)
			return taken, nil
		}
	}
	return nil, errors.New("the roster in the store changes all the time; try again")
}

// Preview returns the copy that would be taken now.
func Preview(ctx context.Context, config Config, source Source) (*Copy, error) {
	now := time.Now()
	return take(ctx, source, config.PerEstablishment, Copy{Reason: Immediate, Taken: now, Effect: now})
}
