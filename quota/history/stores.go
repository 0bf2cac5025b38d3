package history

import (
	"context"
	"fmt"
	"time"
)

// Writer keeps records.
type Writer interface {
	// Append stores records, all or none. After an error they may be stored all the
	// same; appending the same ones again does not store them twice.
	Append(ctx context.Context, records []Record) error
	// Trim forgets records that are too old, or too many. It does a part of that at a
	// time, and reports whether there may be more.
	Trim(ctx context.Context) (more bool, err error)
}

// Reader finds records. The error of each method says that the store is away.
type Reader interface {
	// Find returns the records of a queue id, the newest first, at most [MaxFound] of
	// them.
	Find(ctx context.Context, queueID string) ([]Record, error)
	// Page returns the next entries in one direction; none: there are no more.
	Page(ctx context.Context, p Page) ([]Entry, error)
}

// MaxFound is the most records of one queue id that are found.
const MaxFound = 50

// Page asks for a part of all records.
type Page struct {
	// Cursor is that of the entry to go on from, which is not among those returned; empty:
	// from the end, that is the newest for older ones, and the oldest for newer ones.
	Cursor string
	// Newer asks for the entries that were stored after that one, in their order.
	// Otherwise it is those before it, the newest first.
	Newer bool
	// Most is how many are returned at most.
	Most int
}

// Entry is a record in a store.
type Entry struct {
	Cursor string
	Stored time.Time // on the store's clock, not before the record's time
	Record
}

// Ledger keeps the grants. Both methods return an error when the store is away.
type Ledger interface {
	// Grants returns all grants in the store, those that have ended included, until they
	// are removed. The slice is shared: do not change it.
	Grants(ctx context.Context) ([]Grant, error)
	// Change removes grants by their ids, of which some may not exist, and adds others,
	// in one step. The error wraps [ErrTooManyGrants] if there would be more than
	// [MaxGrants]; then none is added.
	Change(ctx context.Context, remove []string, add ...Grant) error
}

// Clock is that of the store.
type Clock interface {
	// Now is the time on it. The error says that the store is away.
	Now(ctx context.Context) (time.Time, error)
}

// DatedLedger keeps the grants, and has a clock.
type DatedLedger interface {
	Ledger
	Clock
}

// MaxGrants is the most grants that there may be at once.
const MaxGrants = 1000

// ErrTooManyGrants says that there are as many grants as there may be.
var ErrTooManyGrants = fmt.Errorf("there are %d grants, the most that there may be; revoke some", MaxGrants)
