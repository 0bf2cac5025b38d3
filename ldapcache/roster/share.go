package roster

import (
	"bytes"
	"cmp"
	"context"
	"log/slog"
	"time"
)

// share is what one relay knows of what the relays share. It does not believe what
// lies in the future: somebody stored that whose clock was ahead, and as long as it
// stood, no copy would be due.
type share struct {
	stored []byte        // what the store held last; nil: nothing
	there  State         // what that says
	later  bool          // that lies in the future
	anew   bool          // that is a first start, by a relay that knew less than this one
	told   bool          // as the log knows
	text   []byte        // the latest of it that is believed; nil: none
	state  State         // what that says
	read   time.Time     // when the store was last read, and agreed about the time; zero: never
	ahead  time.Duration // of our clock before the store's, where that is too much
	clock  bool          // the store has a clock of its own
}

// load reads the store, and puts back what it has lost. Where our clock and the
// store's differ it changes nothing.
func (s *share) load(ctx context.Context, store Store, log *slog.Logger, now time.Time) error {
	text, clock, err := store.Load(ctx)
	if err != nil {
		return err
	}
	ahead, wrong := compareClocks(now, clock)
	s.ahead, s.clock = ahead, !clock.IsZero()
	if wrong != nil {
		return cmp.Or(s.adoptInDoubt(text, now, clock), wrong)
	}
	judge := common(now, clock)
	if err := s.adopt(text, judge, judge); err != nil {
		return err
	}
	if s.later && !s.told {
		log.Error(msgFuture, s.there.Newest().attrs()...)
	}
	s.told = s.later
	if s.text != nil && (s.stored == nil || s.later || s.anew) {
		return s.replace(ctx, store, s.text, now)
	}
	s.read = now
	return nil
}

// common is the clock by which all relays judge what is stored: the store's, where
// it has one, or else ours.
func common(now, clock time.Time) time.Time {
	if clock.IsZero() {
		return now
	}
	return clock
}

// adoptInDoubt takes over what was read while it is not known which clock is wrong:
// what is in the past by both or, where nothing is known yet, by the store's.
func (s *share) adoptInDoubt(text []byte, now, clock time.Time) error {
	judge := clock
	if s.text != nil {
		judge = earliest(now, clock)
	}
	return s.adopt(text, judge, clock)
}

// replace stores a text, unless another relay was first, and reads what is there
// then.
func (s *share) replace(ctx context.Context, store Store, text []byte, now time.Time) error {
	if _, err := store.Swap(ctx, s.stored, text); err != nil {
		return err // it may have arrived
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

// adopt takes over what was read, unless it lies ahead of now or is a first start
// after what is known, since the store lost that; and forgets what is
// known, should that lie ahead of clock: it does when a clock was set back.
func (s *share) adopt(text []byte, now, clock time.Time) error {
	if !bytes.Equal(text, s.stored) || (text == nil) != (s.stored == nil) {
		state, err := decodeState(text)
		if err != nil {
			return err
		}
		s.stored, s.there = text, state
	}
	if s.state.LiesAhead(clock) {
		s.text, s.state = nil, State{}
	}
	s.later, s.anew = s.there.LiesAhead(now), s.there.beginsAnew(s.state)
	if text != nil && !s.later && !s.anew {
		s.text, s.state = text, s.there
	}
	return nil
}

// before is the latest copy that anything is known of, believed or not; or nil.
func (s *share) before() *Copy { return cmp.Or(s.state.Newest(), s.there.Newest()) }

// next is the state once a copy is taken. Where only our clock says that what is
// stored lies in the future, it may be that clock that is wrong: it is set aside.
func (s *share) next(c *Copy, now time.Time) State {
	next := s.state.with(c, now)
	if s.later && !s.clock {
		aside := s.there
		next.Aside = cmp.Or(aside.Aside, &aside)
	}
	return next
}
