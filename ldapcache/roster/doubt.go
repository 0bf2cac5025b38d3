package roster

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"time"
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

// After a change of its access rules, or from a new replica, a directory may answer
// without an error that nobody is designated: it no longer sees the designation
// groups, or the people in them. A small site may well withdraw its only premium
// senders, so small numbers prove nothing.
const (
	// noneOfMany is the least number of premium senders of whom it is not believed
	// that none is left.
	noneOfMany = 3
	// fewOfMany is the least number of whom it is not believed that fewer than half
	// are left.
	fewOfMany = 10
)

// errMissing says that nearly everybody is missing from a copy.
var errMissing = errors.New("nearly everybody is missing from the directory")

// Missing returns why next is not believed, or nil if it is. before is the last copy
// that was believed, or nil if there is none; those whom it has are counted by limit,
// since the configuration may have lowered that meanwhile.
func Missing(before, next *Copy, limit int) error {
	after := len(next.Elected)
	if before == nil {
		if after == 0 && len(next.Unresolved) >= noneOfMany {
			return fmt.Errorf("%w: none of %d designations can be resolved; if that is right, run \"rcptquota roster refresh\"",
				errMissing, len(next.Unresolved))
		}
		return nil
	}
	elected, _ := elect(slices.Concat(before.Elected, before.Lost), limit)
	n := len(elected)
	if (n >= noneOfMany && after == 0) || (n >= fewOfMany && 2*after < n) {
		return fmt.Errorf("%w: %d premium senders, down from %d; if that is right, run \"rcptquota roster refresh\"", errMissing, after, n)
	}
	return nil
}

// distrustPause is how long a directory that was not believed is not asked again:
// each time, it has to tell all designations.
const distrustPause = time.Minute

// distrust remembers that the directory was not believed.
type distrust struct {
	err    error
	text   []byte    // the roster that it was compared with
	looked time.Time // when it was asked
}

// recent returns the error again for [distrustPause], as long as the roster is still
// text; otherwise nil.
func (d *distrust) recent(text []byte, now time.Time) error {
	if d.err != nil && bytes.Equal(text, d.text) && now.Sub(d.looked) < distrustPause {
		return d.err
	}
	return nil
}

const (
	// tolerance is how far two clocks may differ and both be taken for right.
	tolerance = time.Minute
	// longestWait is longer than any copy waits to take effect: a week, with room for
	// a change to or from summer time.
	longestWait = 9 * 24 * time.Hour
)

var (
	// errClock says that a clock is wrong, perhaps ours.
	errClock   = errors.New("a clock is wrong")
	errStepped = fmt.Errorf("%w: this machine's has just been set", errClock)
	errAside   = fmt.Errorf("%w, or was: by this machine's clock the stored roster was copied in the future, and a new copy has replaced it; "+
		"once the clock is right, run \"rcptquota roster refresh\" to end the doubt", errClock)
)

// compareClocks returns how far our clock is ahead of the store's, and an error, if
// they differ by more than [tolerance]; otherwise zero and nil. The zero time is that
// of a store without a clock, which always agrees.
func compareClocks(now, store time.Time) (ahead time.Duration, err error) {
	if store.IsZero() {
		return 0, nil
	}
	ahead = now.Round(0).Sub(store)
	if ahead.Abs() <= tolerance {
		return 0, nil
	}
	way := "ahead of"
	if ahead < 0 {
		way = "behind"
	}
	return ahead, fmt.Errorf("%w: this machine's is %v %s the store's; nothing is copied or stored until they agree",
		errClock, ahead.Abs().Round(time.Second), way)
}
