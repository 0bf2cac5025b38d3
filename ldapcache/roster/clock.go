package roster

import (
	"errors"
	"fmt"
	"time"
)

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

// LiesAhead reports whether the times in a state lie in the future at now: then the
// clock of the relay that stored it was wrong, or ours is. A pending copy may take
// effect in the future, but within [longestWait].
func (s State) LiesAhead(now time.Time) bool {
	limit := now.Add(tolerance)
	if c := s.Current; c != nil && (c.Cutoff.After(limit) || c.Taken.After(limit) || c.Effect.After(limit)) {
		return true
	}
	c := s.Pending
	return c != nil && (c.Cutoff.After(limit) || c.Taken.After(limit) || c.Effect.After(limit.Add(longestWait)))
}

// stepped reports whether our clock, which showed looked at the last look, has been
// set since: it went back, or forward by more than the longest time between two looks.
func stepped(looked, now time.Time, longest time.Duration) bool {
	passed := now.Round(0).Sub(looked.Round(0)) // on the wall clock, by which copies take effect
	return passed < -tolerance || passed > longest
}
