package roster

import (
	"errors"
	"log/slog"
)

// Doubt is why the roster may not be what it should be.
type Doubt int

const (
	// Sure, the zero value: there is no doubt.
	Sure Doubt = iota
	// Unavailable: the directory or the store cannot be asked, or it is past a
	// moment of effect whose copy is not known.
	Unavailable
	// WrongClock: our clock and the store's differ, or what was stored lies in the
	// future.
	WrongClock
	// NearlyEmpty: nearly everybody is missing from what the directory says.
	NearlyEmpty
)

// Doubts are all but Sure.
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

// doubtOf is the doubt that an error is about.
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

// log logs a doubt, and the error that it came with. One that ends by itself is a
// warning.
func (d Doubt) log(log *slog.Logger, err error) {
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
