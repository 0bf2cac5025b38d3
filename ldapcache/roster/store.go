package roster

import (
	"context"
	"time"
)

// Store holds one text for all relays. It is used by many processes at once.
type Store interface {
	// Load returns the text, nil when there is none, and the time by the store's own
	// clock; the zero time where it has none.
	Load(ctx context.Context) (text []byte, clock time.Time, err error)
	// Swap replaces the text old, nil for none, by next. It reports false when the
	// store holds something else. After an error, it may have been replaced or not.
	Swap(ctx context.Context, old, next []byte) (bool, error)
}
