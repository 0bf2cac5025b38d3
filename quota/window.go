package quota

import (
	"fmt"
	"time"
)

// CountKind is what a window counts.
type CountKind int

const (
	// Distinct, the zero value, counts each recipient reached in the period once,
	// however often.
	Distinct CountKind = iota
	// Copies counts every recipient of every message.
	Copies
)

// String returns the kind as the configuration writes it.
func (k CountKind) String() string {
	switch k {
	case Distinct:
		return "distinct"
	case Copies:
		return "copies"
	}
	return "unknown"
}

// UnmarshalText implements [encoding.TextUnmarshaler].
func (k *CountKind) UnmarshalText(text []byte) error {
	switch string(text) {
	case "distinct":
		*k = Distinct
	case "copies":
		*k = Copies
	default:
		return fmt.Errorf("%q is not counted; write %q or %q", text, Distinct, Copies)
	}
	return nil
}

// Window is a rolling period over which a sender's recipients are counted
// across messages and relays. At any moment T, what was reached in (T-Per, T]
// is at most Recipients.
type Window struct {
	Per        time.Duration
	Recipients int // at least 1
	Count      CountKind
	// Exceeded is Defer or Refuse: what becomes of a message that does not fit
	// now but will later.
	Exceeded Action
}
