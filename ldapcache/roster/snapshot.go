package roster

import (
	"errors"
	"fmt"
	"time"
)

// snapshot is what a relay knew of the roster when it last looked. It does not change,
// but what is in effect, and whether that is sure, depends on the time.
type snapshot struct {
	state State
	// looked is the time of the look, on our clock, and trusted how long after it the
	// next look comes at the latest.
	looked  time.Time
	trusted time.Duration
	// clockAhead is how far our clock is ahead of the store's; zero: they agree.
	clockAhead time.Duration
	// sureUntil is until when the state is certainly the right one.
	sureUntil time.Time
	// usableUntil is how long it is better than nothing; zero: for ever.
	usableUntil time.Time
	// err tells why it could not be brought up to date; nil: it could.
	err error
}

var (
	errNotYet   = errors.New("it was not read yet")
	errOutdated = errors.New("it is not up to date")
)

// premium reports whether the roster in effect has a sender. The error tells why
// that is not sure.
func (s *snapshot) premium(sender string, now time.Time) (bool, error) {
	effective := s.effective(now)
	if effective == nil {
		return false, s.doubt(now)
	}
	_, premium := effective.premium[sender]
	if !s.sure(now) {
		return premium, s.doubt(now)
	}
	return premium, nil
}

// sure reports whether the state is certainly the right one.
func (s *snapshot) sure(now time.Time) bool {
	return now.Before(s.sureUntil) && !stepped(s.looked, now, s.trusted)
}

// effective is the copy in effect; nil when it is not known.
func (s *snapshot) effective(now time.Time) *Copy {
	if !s.usableUntil.IsZero() && now.After(s.usableUntil) {
		return nil
	}
	effective, _ := s.state.At(now.Add(-s.clockAhead))
	return effective
}

// doubts is [Keeper.Doubt].
func (s *snapshot) doubts(now time.Time) Doubt {
	if s.err == nil && s.sure(now) {
		return Sure
	}
	return doubtOf(s.doubt(now))
}

// doubt returns why the state is not certainly the right one.
func (s *snapshot) doubt(now time.Time) error {
	err := s.err
	switch {
	case err != nil:
	case now.Before(s.sureUntil):
		err = errStepped
	default:
		err = errOutdated
	}
	return fmt.Errorf("premium roster: %w", err)
}

// stepped reports whether our clock, which showed looked at the last look, has been
// set since: it went back, or forward by more than the longest time between two looks.
func stepped(looked, now time.Time, longest time.Duration) bool {
	passed := now.Round(0).Sub(looked.Round(0)) // on the wall clock, by which copies take effect
	return passed < -tolerance || passed > longest
}
