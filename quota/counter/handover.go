package counter

import (
	"crypto/sha256"
	"encoding/hex"

	"github.com/rcptquota/rcptquota/quota"
)

// What a Local needs so that its tallies can move to Redis.

// origin names the store, in what another one is told.
func (l *Local) origin() string {
	sum := sha256.Sum256(append([]byte("origin"), l.state.key...))
	return hex.EncodeToString(sum[:6])
}

// holds reports whether there is a tally of the sender.
func (l *Local) holds(sender string) bool {
	s := l.shard(sender)
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.tallies[sender] != nil
}

// senders lists those of whom there is a tally.
func (l *Local) senders() []string {
	var all []string
	for i := range l.shards {
		s := &l.shards[i]
		s.mu.Lock()
		for sender := range s.tallies {
			all = append(all, sender)
		}
		s.mu.Unlock()
	}
	return all
}

// settleHere is Settle, and reports whether the reservation was known.
func (l *Local) settleHere(t quota.Ticket, stood bool) bool {
	s := l.shard(t.Sender)
	s.mu.Lock()
	defer s.mu.Unlock()
	tally := s.tallies[t.Sender]
	if tally == nil || tally.find(t.ID) < 0 {
		return false
	}
	tally.settle(t.ID, stood)
	s.dirty[t.Sender] = struct{}{}
	return true
}

// read calls do with the part of the sender's tally that is newer than since,
// while nobody changes it; nil: there is none.
func (l *Local) read(sender string, since int64, do func(*tally)) {
	s := l.shard(sender)
	s.mu.Lock()
	defer s.mu.Unlock()
	do(s.tallies[sender].newer(since))
}

// forget drops the sender's tally, now counted elsewhere.
func (l *Local) forget(sender string) {
	s := l.shard(sender)
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.tallies, sender)
	s.dirty[sender] = struct{}{}
}

// newer is the part of a tally after the time since, sharing its memory; nil if
// that is nothing.
func (t *tally) newer(since int64) *tally {
	if t == nil || t.Last <= since {
		return nil
	}
	part := &tally{Last: t.Last, Keep: t.Keep}
	part.Reached = t.Reached[after(t.Reached, since, func(r reach) int64 { return r.At }):]
	part.Copies = t.Copies[after(t.Copies, since, func(c copied) int64 { return c.At }):]
	part.Open = t.Open[after(t.Open, since, func(r reservation) int64 { return r.At }):]
	return part
}
