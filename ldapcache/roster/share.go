package roster

import (
	"bytes"
	"cmp"
	"context"
	"log/slog"
	"time"
)

// share is what one relay knows of the state that the relays share. It does not use a
// state of the future: it was stored by a relay whose clock was ahead, and as long as it
// was used, no copy would be due.
type share struct {
	stored []byte        // what the store held last; nil: nothing
	there  State         // the same, decoded
	future bool          // that is of the future
	anew   bool          // that is of a first start by a relay that knew less than this one
	logged bool          // it was logged that it is of the future
	text   []byte        // the last stored text that is used; nil: none
	state  State         // the same, decoded
	read   time.Time     // when the store was last read, and its clock agreed with ours; zero: never
	ahead  time.Duration // how far our clock is ahead of the store's, where that is too far
	clock  bool          // the store has a clock of its own
}

// load reads the store, and stores again what it has lost. While our clock and the
// store's differ, it stores nothing.
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
	if s.future && !s.logged {
		log.Error(msgFuture, s.there.Newest().attrs()...)
	}
	s.logged = s.future
	if s.text != nil && (s.stored == nil || s.future || s.anew) {
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

// adoptInDoubt adopts what was read while it is not known which clock is wrong: what is
// of the past by both clocks or, where nothing is known yet, by the store's.
func (s *share) adoptInDoubt(text []byte, now, clock time.Time) error {
	judge := clock
	if s.text != nil {
		judge = earliest(now, clock)
	}
	return s.adopt(text, judge, clock)
}

// replace stores a text, unless another relay was first, and then reads the store.
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

// adopt uses what was read from now on, unless it is of the future by now, or of a first
// start after the known state, which the store then lost. It forgets the known state if
// that is of the future by clock: a clock was set back.
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
	s.future, s.anew = s.there.LiesAhead(now), s.there.beginsAnew(s.state)
	if text != nil && !s.future && !s.anew {
		s.text, s.state = text, s.there
	}
	return nil
}

// before is the latest copy that is known, used or not; or nil.
func (s *share) before() *Copy { return cmp.Or(s.state.Newest(), s.there.Newest()) }

// next is the state once a copy is taken. Where only our clock says that the stored state
// is of the future, our clock may be wrong: that state is set aside.
func (s *share) next(c *Copy, now time.Time) State {
	next := s.state.with(c, now)
	if s.future && !s.clock {
		aside := s.there
		next.Aside = cmp.Or(aside.Aside, &aside)
	}
	return next
}
