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
	// sureUntil is how long the state is certainly the right one.
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
		return false, k.doubt()
	}
	_, premium := effective.premium[sender]
	if now.After(k.sureUntil) {
		return premium, k.doubt()
	}
	return premium, nil
}

// effective is the copy in effect; nil when it is not known.
func (k *known) effective(now time.Time) *Copy {
	if !k.usableUntil.IsZero() && now.After(k.usableUntil) {
		return nil
	}
	effective, _ := k.state.At(now)
	return effective
}

func (k *known) doubt() error {
	err := k.err
	if err == nil {
		err = errOutdated
	}
	return fmt.Errorf("premium roster: %w", err)
}
