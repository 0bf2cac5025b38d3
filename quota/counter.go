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
	// would be exceeded, against none. The same ID again, until it is settled,
	// counts once and gets the same answer. An error that wraps [ErrTooManyOpen]
	// means that the sender has too many messages under way; any other error, that the
	// windows cannot be asked now. In both cases nothing is counted.
	Reserve(ctx context.Context, r *Reservation) (Count, error)
	// Settle ends a reservation: it is committed, or it is released and costs nothing.
	// An ID that is not known, or settled already, is no error.
	Settle(ctx context.Context, t Ticket, commit bool) error
}

// ErrTooManyOpen says that a sender has too many messages under way at once, none of
// which has been committed or released.
var ErrTooManyOpen = errors.New("too many messages of this sender are under way at once")

// Ticket names a reservation.
type Ticket struct {
	// Sender is the directory's name of the sender ([Sender.ID]), so that who has
	// several logins is counted once; where that is not known, the login in lower
	// case.
	Sender string
	ID     string // unique over all relays; letters, digits and slashes
}

// Reservation is a message that wants to be counted.
type Reservation struct {
	Ticket
	// Windows are those of the sender's class, at least one.
	Windows []Window
	// Keep is what is kept of this and earlier messages beyond what Windows need.
	Keep Retention
	// Recipients yields each distinct recipient that counts, once.
	Recipients iter.Seq[string]
	// N is how many Recipients yields: what the message adds to a window of
	// copies. It is at most the Recipients of every window.
	N int
}

// Retention is what a counter keeps for the windows of any class, so that a sender
// whose class changes keeps what was counted.
type Retention struct {
	// Distinct and Copies are the longest periods of the windows of each kind; zero: no
	// class has one.
	Distinct, Copies time.Duration
}

// With returns what has to be kept for those windows, too.
func (k Retention) With(windows []Window) Retention {
	for _, w := range windows {
		switch w.Count {
		case Distinct:
			k.Distinct = max(k.Distinct, w.Per)
		case Copies:
			k.Copies = max(k.Copies, w.Per)
		}
	}
	return k
}

// Count is a counter's answer.
type Count struct {
	// At is the moment of the decision, on the counter's clock.
	At time.Time
	// Exceeded is the index of the window that would be exceeded, the one that is
	// free last if there are several; -1: the message is reserved.
	Exceeded int
	// Used is how many recipients the exceeded window holds.
	Used int
	// RetryAt is the moment when enough is free in all windows for this very
	// message, if nothing else is sent.
	RetryAt time.Time
	// Degraded is nil when the count is that of all relays; otherwise it tells
	// why this relay counted alone, or not at all.
	Degraded error
}
