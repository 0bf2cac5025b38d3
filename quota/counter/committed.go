package counter

import (
	"slices"
	"sync"
	"time"

	"github.com/rcptquota/rcptquota/quota"
)

const (
	// committedSenders bounds how many senders are remembered, twice.
	committedSenders = 50_000
	// committedIDs bounds how many ids of one sender are remembered. Redis takes
	// what is dropped for open, until it forgets that by itself.
	committedIDs = maxOpen
)

// committed remembers the reservations that are committed, until the sender's next
// command tells Redis. To lose some does no harm: they count either way. The zero
// value is ready, for many goroutines at once.
type committed struct {
	mu       sync.Mutex
	new, old map[string][]string // ids by sender; old ones go when new are full, or as old as openLife
	since    time.Time           // the first of the new
}

func (c *committed) add(sender string, ids ...string) {
	if len(ids) == 0 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.new) >= committedSenders || time.Since(c.since) > openLife {
		c.old, c.new, c.since = c.new, map[string][]string{}, time.Now()
	}
	if known := c.new[sender]; len(known) < committedIDs {
		c.new[sender] = append(known, ids...)
	}
}

// take returns a sender's ids and forgets them.
func (c *committed) take(sender string) []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	ids := slices.Concat(c.old[sender], c.new[sender])
	delete(c.old, sender)
	delete(c.new, sender)
	return ids
}

func (c *committed) has(t quota.Ticket) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Contains(c.new[t.Sender], t.ID) || slices.Contains(c.old[t.Sender], t.ID)
}
