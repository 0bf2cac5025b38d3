package roster

import (
	"bytes"
	"cmp"
	"context"
	"log/slog"
	"time"
)

// shared is what one relay knows of the roster that all relays share. It does not
// believe a state that lies in the future: a relay whose clock was ahead stored it, and
// until its time had come, no copy would be due.
type shared struct {
	stored         []byte // what the store last held; nil: nothing
	storedState    State  // stored, decoded
	storedInFuture bool   // storedState lies in the future
	storedAnew     bool   // storedState is a first start by a relay that did not know state
	futureLogged   bool   // storedInFuture is in the log

	text  []byte // the latest stored text that was believed; nil: none
	state State  // text, decoded

	read       time.Time     // when the store was last read, and its clock agreed; zero: never
	clockAhead time.Duration // our clock minus the store's; zero: they agree
	hasClock   bool          // the store has a clock of its own
}

// load reads the store, and puts back what the store has lost. If our clock and the
// store's differ, it stores nothing and returns an error.
func (s *shared) load(ctx context.Context, store Store, log *slog.Logger, now time.Time) error {
	text, clock, err := store.Load(ctx)
	if err != nil {
		return err
	}
	ahead, wrong := compareClocks(now, clock)
	s.clockAhead, s.hasClock = ahead, !clock.IsZero()
	if wrong != nil {
		return cmp.Or(s.adoptInDoubt(text, now, clock), wrong)
	}
	judge := common(now, clock)
	if err := s.adopt(text, judge, judge); err != nil {
		return err
	}
	if s.storedInFuture && !s.futureLogged {
		log.Error(msgFuture, s.storedState.Newest().attrs()...)
	}
	s.futureLogged = s.storedInFuture
	if s.text != nil && (s.stored == nil || s.storedInFuture || s.storedAnew) {
		return s.replace(ctx, store, s.text, now)
	}
	s.read = now
	return nil
}

// common is the time by which all relays judge what is stored: the store's, if it has
// a clock, or else ours.
func common(now, clock time.Time) time.Time {
	if clock.IsZero() {
		return now
	}
	return clock
}

// adoptInDoubt takes over what was read while nobody knows which clock is wrong: a
// state that lies in the future by neither or, if nothing is known yet, not by the
// store's.
func (s *shared) adoptInDoubt(text []byte, now, clock time.Time) error {
	judge := clock
	if s.text != nil {
		judge = earliest(now, clock)
	}
	return s.adopt(text, judge, clock)
}

// replace stores a text, unless another relay was first, and then reads the store.
func (s *shared) replace(ctx context.Context, store Store, text []byte, now time.Time) error {
	if _, err := store.Swap(ctx, s.stored, text); err != nil {
		return err // it may be stored all the same
	}
	text, clock, err := store.Load(ctx)
	if err != nil {
		return err
	}
	judge := common(now, clock)
	if err := s.adopt(text, judge, judge); err != nil {
		return err
	}
	s.read = now
	return nil
}

// adopt takes over the text read from the store, unless it lies in the future at now,
// or is a first start because the store had lost what is known. It forgets what is
// known if that lies in the future at clock, as after a clock was set back.
func (s *shared) adopt(text []byte, now, clock time.Time) error {
	if !bytes.Equal(text, s.stored) || (text == nil) != (s.stored == nil) {
		state, err := decodeState(text)
		if err != nil {
			return err
		}
		s.stored, s.storedState = text, state
	}
	if s.state.InFuture(clock) {
		s.text, s.state = nil, State{}
	}
	s.storedInFuture, s.storedAnew = s.storedState.InFuture(now), s.storedState.beginsAnew(s.state)
	if text != nil && !s.storedInFuture && !s.storedAnew {
		s.text, s.state = text, s.storedState
	}
	return nil
}

// before is the latest copy believed, or else the latest stored; nil: there is none.
func (s *shared) before() *Copy { return cmp.Or(s.state.Newest(), s.storedState.Newest()) }

// next is the state with the copy c added. If only our own clock says that the stored
// state lies in the future, that clock may be wrong, so the stored state is set aside.
func (s *shared) next(c *Copy, now time.Time) State {
	next := s.state.with(c, now)
	if s.storedInFuture && !s.hasClock {
		aside := s.storedState
		next.Aside = cmp.Or(aside.Aside, &aside)
	}
	return next
}
