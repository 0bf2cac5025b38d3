package roster

import (
	"errors"
	"log/slog"
)

// Doubt is a reason why the roster may not be the right one.
type Doubt int

const (
	// Sure, the zero value: there is no doubt.
	Sure Doubt = iota
	// Unavailable: the directory or the store cannot be asked, or a copy that should
	// be in effect by now is not known.
	Unavailable
	// WrongClock: our clock and the store's differ, or what was stored lies in the
	// future.
	WrongClock
	// NearlyEmpty: nearly everybody is missing from the directory.
	NearlyEmpty
)

// Doubts are all of them but Sure.
var Doubts = []Doubt{Unavailable, WrongClock, NearlyEmpty}

// String returns the value of the metric's label "reason".
func (d Doubt) String() string {
	switch d {
	case Sure:
		return "none"
	case Unavailable:
		return "unavailable"
	case WrongClock:
		return "clock"
	case NearlyEmpty:
		return "nearly_empty"
	}
	return "unknown"
}

// doubtOf returns the doubt that an error of a look causes.
func doubtOf(err error) Doubt {
	switch {
	case err == nil:
		return Sure
	case errors.Is(err, errClock):
		return WrongClock
	case errors.Is(err, errMissing):
		return NearlyEmpty
	}
	return Unavailable
}

// tell logs that the doubt has changed to d because of err. Those that end by
// themselves are warnings.
func (d Doubt) tell(log *slog.Logger, err error) {
	switch d {
	case Sure:
		log.Info(msgAvailable)
	case WrongClock:
		log.Error(msgClock, "error", err)
	case NearlyEmpty:
		log.Error(msgDoubted, "error", err)
	default:
		log.Warn(msgUnavailable, "error", err)
	}
}
