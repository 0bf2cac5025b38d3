package roster

import (
	"errors"
	"fmt"
	"time"
)

// known is what a relay knows of the roster. It does not change; time goes on in
// it.
type known struct {
	state State
	// looked is the time of the look, on our clock, and trusted how long after it the
	// next look comes at the latest.
	looked  time.Time
	trusted time.Duration
	// ahead is how far our clock is ahead of the store's; zero: they agree.
	ahead time.Duration
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
func (k *known) premium(sender string, now time.Time) (bool, error) {
	effective := k.effective(now)
	if effective == nil {
		return false, k.doubt(now)
	}
	_, premium := effective.premium[sender]
	if !k.sure(now) {
		return premium, k.doubt(now)
	}
	return premium, nil
}

// sure reports whether the state is certainly the right one.
func (k *known) sure(now time.Time) bool {
	return now.Before(k.sureUntil) && !stepped(k.looked, now, k.trusted)
}

// effective is the copy in effect; nil when it is not known.
func (k *known) effective(now time.Time) *Copy {
	if !k.usableUntil.IsZero() && now.After(k.usableUntil) {
		return nil
	}
	effective, _ := k.state.At(now.Add(-k.ahead))
	return effective
}

// doubts is [Keeper.Doubt].
func (k *known) doubts(now time.Time) Doubt {
	if k.err == nil && k.sure(now) {
		return Sure
	}
	return doubtOf(k.doubt(now))
}

// doubt returns why the state is not certainly the right one.
func (k *known) doubt(now time.Time) error {
	err := k.err
	switch {
	case err != nil:
	case now.Before(k.sureUntil):
		err = errStepped
	default:
		err = errOutdated
	}
	return fmt.Errorf("premium roster: %w", err)
}
