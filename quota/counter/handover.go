package counter

import (
	"encoding/hex"

	"github.com/rcptquota/rcptquota/quota"
)

// What a Local needs so that its tallies can move to Redis.

// origin names the store, in what another one is told.
func (l *Local) origin() string {
	return hex.EncodeToString(l.state.name)
}

// ahead reports whether something of the sender is here that is not in Redis.
func (l *Local) ahead(sender string) bool {
	s := l.shard(sender)
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.tallies[sender]
	return t != nil && t.ahead()
}

// allAhead lists the senders of whom something is not in Redis.
func (l *Local) allAhead() []string {
	var all []string
	for i := range l.shards {
		s := &l.shards[i]
		s.mu.Lock()
		for sender, t := range s.tallies {
			if t.ahead() {
				all = append(all, sender)
			}
		}
		s.mu.Unlock()
	}
	return all
}

// settleHere is Settle, and reports whether the reservation is counted here, and
// whether it may be in Redis. A shadow is counted in Redis; but while something
// moves, which may rest on it, its release has to wait for that.
func (l *Local) settleHere(t quota.Ticket, stood bool) (here, there bool) {
	s := l.shard(t.Sender)
	s.mu.Lock()
	defer s.mu.Unlock()
	tally := s.tallies[t.Sender]
	if tally == nil {
		return false, true
	}
	i := tally.find(t.ID)
	if i < 0 {
		return false, true
	}
	here, there = tally.ahead(), tally.Open[i].At <= max(tally.Moved, tally.sent)
	tally.settle(t.ID, stood)
	s.dirty[t.Sender] = struct{}{}
	return here, there
}

// send calls do with what of the sender is newer than since and not in Redis,
// while nobody changes it, unless that is nothing; from now on it may be there.
// It returns up to when.
func (l *Local) send(sender string, since int64, do func(*tally)) (upTo int64) {
	s := l.shard(sender)
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.tallies[sender]
	if t == nil || t.Last <= max(since, t.Moved) {
		return since
	}
	do(t.newer(max(since, t.Moved)))
	t.sent = t.Last
	return t.Last
}

// moved notes up to when a sender's tally is in Redis.
func (l *Local) moved(sender string, upTo int64) {
	s := l.shard(sender)
	s.mu.Lock()
	defer s.mu.Unlock()
	if t := s.tallies[sender]; t != nil {
		t.Moved = max(t.Moved, upTo)
		s.dirty[sender] = struct{}{}
	}
}

func (t *tally) ahead() bool { return t.Last > t.Moved }

// newer is the part of a tally after the time since, sharing its memory.
func (t *tally) newer(since int64) *tally {
	part := &tally{Last: t.Last, Keep: t.Keep}
	part.Reached = t.Reached[after(t.Reached, since, func(r reach) int64 { return r.At }):]
	part.Copies = t.Copies[after(t.Copies, since, func(c copied) int64 { return c.At }):]
	part.Open = t.Open[after(t.Open, since, func(r reservation) int64 { return r.At }):]
	return part
}
