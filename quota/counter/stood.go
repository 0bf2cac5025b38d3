package counter

import (
	"slices"
	"sync"
	"time"

	"github.com/rcptquota/rcptquota/quota"
)

const (
	// stoodSenders bounds how many senders are remembered, twice.
	stoodSenders = 50_000
	// stoodIDs bounds how many ids of one sender are remembered: what more go on
	// at once, Redis forgets by itself later.
	stoodIDs = 100
)

// stood remembers the reservations that stood, until the sender's next command
// tells Redis. To lose some does no harm: Redis forgets them after settleWithin.
// The zero value is ready, for many goroutines at once.
type stood struct {
	mu       sync.Mutex
	new, old map[string][]string // ids by sender; old ones go when new are full, or as old as settleWithin
	since    time.Time           // the first of the new
}

func (s *stood) add(sender string, ids ...string) {
	if len(ids) == 0 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.new) >= stoodSenders || time.Since(s.since) > settleWithin*time.Microsecond {
		s.old, s.new, s.since = s.new, map[string][]string{}, time.Now()
	}
	if known := s.new[sender]; len(known) < stoodIDs {
		s.new[sender] = append(known, ids...)
	}
}

// take returns a sender's ids and forgets them.
func (s *stood) take(sender string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	ids := slices.Concat(s.old[sender], s.new[sender])
	delete(s.old, sender)
	delete(s.new, sender)
	return ids
}

func (s *stood) has(t quota.Ticket) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Contains(s.new[t.Sender], t.ID) || slices.Contains(s.old[t.Sender], t.ID)
}
