package roster

import (
	"context"
	"time"
)

// Store holds one text for all relays. It is used by many processes at once.
type Store interface {
	// Load returns the text, or nil when there is none, and the time on the store's own
	// clock, or the zero time when it has no clock.
	Load(ctx context.Context) (text []byte, clock time.Time, err error)
	// Swap replaces the text old, nil for none, by next. It reports false when the
	// store holds something else. After an error, it may have been replaced or not.
	Swap(ctx context.Context, old, next []byte) (bool, error)
}
