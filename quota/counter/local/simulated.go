package local

import (
	"context"
	"hash/maphash"
	"time"

	"github.com/rcptquota/rcptquota/quota"
	"github.com/rcptquota/rcptquota/quota/counter/digest"
)

// Simulated counts as [Store] does, but in memory alone and on a clock that its user
// sets: it tells what would have been counted, from a log. It is for one goroutine.
type Simulated struct {
	seed    maphash.Seed      // of its digests
	tallies map[string]*tally // by sender
	now     int64
	set     set // of the message at hand
}

// NewSimulated makes a counter that has counted nothing.
func NewSimulated() *Simulated {
	return &Simulated{seed: maphash.MakeSeed(), tallies: map[string]*tally{}, set: set{}}
}

// SetTime sets the clock.
func (s *Simulated) SetTime(now time.Time) { s.now = now.UnixMicro() }

// Reserve implements [quota.Counter].
func (s *Simulated) Reserve(_ context.Context, r *quota.Reservation) (quota.Count, error) {
	s.fill(r)
	d := s.tally(r.Sender).reserve(s.now, r, s.set)
	return d.count()
}

// Settle implements [quota.Counter].
func (s *Simulated) Settle(_ context.Context, t quota.Ticket, commit bool) error {
	if tally := s.tallies[t.Sender]; tally != nil {
		tally.settle(t.ID, commit)
	}
	return nil
}

// Add counts a message for good, even where it does not fit: for the most that a sender
// may have reached.
func (s *Simulated) Add(r *quota.Reservation) {
	s.fill(r)
	t := s.tally(r.Sender)
	keep := r.Keep.With(r.Windows)
	at := max(s.now, t.Last+1)
	t.expire(at, keep)
	t.add(at, r, keep, s.set)
	t.settle(r.ID, true)
}

// Has reports whether something is counted of a sender.
func (s *Simulated) Has(sender string) bool { return s.tallies[sender] != nil }

// CopyTo makes what another counter has counted of a sender the same as here. Both have
// to digest alike: see [Simulated.Twin].
func (s *Simulated) CopyTo(other *Simulated, sender string) {
	t := &tally{}
	if mine := s.tallies[sender]; mine != nil {
		t = mine.clone()
	}
	other.tallies[sender] = t
}

// Twin makes a counter that has counted nothing, and digests as this one does.
func (s *Simulated) Twin() *Simulated {
	return &Simulated{seed: s.seed, tallies: map[string]*tally{}, set: set{}}
}

// Forget drops the senders of whom no window holds anything any more.
func (s *Simulated) Forget() {
	for sender, t := range s.tallies {
		if t.empty(s.now) {
			delete(s.tallies, sender)
		}
	}
}

func (s *Simulated) tally(sender string) *tally {
	t := s.tallies[sender]
	if t == nil {
		t = &tally{}
		s.tallies[sender] = t
	}
	return t
}

// fill puts the digests of a message's recipients into s.set, where a window needs them.
func (s *Simulated) fill(r *quota.Reservation) {
	if len(s.set) > keepSet {
		s.set = set{}
	}
	clear(s.set)
	if r.Keep.With(r.Windows).Distinct > 0 {
		for recipient := range r.Recipients {
			// It need not outlive the process, and nobody gets to see it: a fast hash
			// serves.
			s.set[digest.Digest(maphash.String(s.seed, recipient))] = struct{}{}
		}
	}
}
