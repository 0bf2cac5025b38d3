package roster

import (
	"errors"
	"fmt"
	"time"
)

const (
	// tolerance is how far two clocks may differ that both count as right.
	tolerance = time.Minute
	// longestWait is more than a copy ever waits for its effect: a week, and what
	// a change of clocks or of the date line adds.
	longestWait = 9 * 24 * time.Hour
)

var (
	// errClock is wrapped where a clock is wrong, perhaps ours.
	errClock   = errors.New("a clock is wrong")
	errStepped = fmt.Errorf("%w: this machine's clock was just set to another time", errClock)
	errAside   = fmt.Errorf("%w, or was: by this machine's clock the stored roster was copied in the future, and a copy taken now replaces it; "+
		"once the clock is right, \"rcptquota roster refresh\" ends the doubt", errClock)
)

// compareClocks returns how far our clock is ahead of the store's, with an error, where
// that is more than both being right allows. A store without a clock has the zero
// time, and agrees.
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
	return ahead, fmt.Errorf("%w: this machine's clock is %v %s the store's; nothing is copied or stored until they agree",
		errClock, ahead.Abs().Round(time.Second), way)
}

// LiesAhead reports whether a state is of the future, by its own times: the clock of the
// relay that stored it was wrong, or ours is. A pending copy takes effect in the near
// future.
func (s State) LiesAhead(now time.Time) bool {
	limit := now.Add(tolerance)
	if c := s.Current; c != nil && (c.Cutoff.After(limit) || c.Taken.After(limit) || c.Effect.After(limit)) {
		return true
	}
	c := s.Pending
	return c != nil && (c.Cutoff.After(limit) || c.Taken.After(limit) || c.Effect.After(limit.Add(longestWait)))
}

// stepped reports whether our clock, which showed looked at the last look, was set
// since: it went back, or further on than the next look may be.
func stepped(looked, now time.Time, longest time.Duration) bool {
	passed := now.Round(0).Sub(looked.Round(0)) // of the wall clock, which effects go by
	return passed < -tolerance || passed > longest
}
