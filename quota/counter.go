package quota

import (
	"context"
	"errors"
	"iter"
	"time"
)

// Counter counts recipients in the rolling windows of each sender. It is called
// by many goroutines, and over Redis by many relays, at once, and stays exact.
type Counter interface {
	// Reserve counts a message against all of its windows or, when one of them
	// would be exceeded, against none. Until a reservation is settled, the same ID
	// again counts once and gets the same answer. An error that wraps
	// [ErrTooManyOpen] means that the sender has to wait until their other messages
	// have ended; any other error, that the windows cannot be read now. In both cases
	// nothing is counted.
	Reserve(ctx context.Context, r *Reservation) (Count, error)
	// Settle ends a reservation: it is committed and counts, or released and costs
	// nothing. An ID that is unknown or already settled is not an error.
	Settle(ctx context.Context, t Ticket, commit bool) error
}

// ErrTooManyOpen says that a sender has too many messages under way at once, none of
// them settled yet.
var ErrTooManyOpen = errors.New("too many messages of this sender are under way at once")

// Ticket names a reservation.
type Ticket struct {
	// Sender is the directory's name of the sender ([Sender.ID]), so that a person
	// with several logins has one count; where it is not known, the login in lower
	// case.
	Sender string
	ID     string // unique over all relays; letters, digits and slashes
}

// Reservation is a message to be counted.
type Reservation struct {
	Ticket
	// Windows are those of the sender's class, at least one.
	Windows []Window
	// Keep is what the counter keeps beyond these windows.
	Keep Retention
	// Recipients yields each distinct recipient that counts, once.
	Recipients iter.Seq[string]
	// N is how many Recipients yields, and so what the message adds to a window of
	// copies. It is not above the limit of any window.
	N int
}

// Retention is how much a counter keeps for each sender. It covers the windows of all
// classes, so that a change of class loses no count.
type Retention struct {
	// Distinct and Copies are the longest periods of the windows of that kind; zero
	// where no class has one.
	Distinct, Copies time.Duration
	// MostCopies is the largest limit of a window of copies.
	MostCopies int
}

// With returns the retention that covers windows as well.
func (k Retention) With(windows []Window) Retention {
	for _, w := range windows {
		switch w.Count {
		case Distinct:
			k.Distinct = max(k.Distinct, w.Per)
		case Copies:
			k.Copies = max(k.Copies, w.Per)
			k.MostCopies = max(k.MostCopies, w.Recipients)
		}
	}
	return k
}

// Count is a counter's answer.
type Count struct {
	// At is the moment of the decision, on the counter's clock.
	At time.Time
	// Exceeded is the index of the window that would be exceeded; of several, the one
	// that has room last. It is -1 where the message is reserved.
	Exceeded int
	// Used is how many recipients the exceeded window holds.
	Used int
	// RetryAt is when all windows have room for this message, if nothing else is
	// sent.
	RetryAt time.Time
	// Degraded is nil when the count is that of all relays; otherwise it says why this
	// relay counted alone, or not at all.
	Degraded error
}
