package redis

import (
	"slices"
	"sync"
	"time"

	"github.com/rcptquota/rcptquota/quota"
	"github.com/rcptquota/rcptquota/quota/counter/underway"
)

const (
	// committedSenders is how many senders each of the two maps may hold.
	committedSenders = 50_000
	// committedIDs is how many ids of one sender each map may hold. For Redis, the
	// reservations of further ones stay open until they expire there.
	committedIDs = underway.Most
)

// committed remembers which reservations are committed until the sender's next command
// tells Redis. Losing some does no harm, because they count either way. The zero value
// is ready for use by many goroutines at once.
type committed struct {
	mu       sync.Mutex
	new, old map[string][]string // ids by sender; when new is full, or older than underway.Life, it becomes old
	since    time.Time           // when new was begun
}

func (c *committed) add(sender string, ids ...string) {
	if len(ids) == 0 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.new) >= committedSenders || time.Since(c.since) > underway.Life {
		c.old, c.new, c.since = c.new, map[string][]string{}, time.Now()
	}
	known := c.new[sender]
	room := max(0, committedIDs-len(known))
	c.new[sender] = append(known, ids[:min(len(ids), room)]...)
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

// of returns a sender's ids.
func (c *committed) of(sender string) []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Concat(c.old[sender], c.new[sender])
}

func (c *committed) has(t quota.Ticket) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Contains(c.new[t.Sender], t.ID) || slices.Contains(c.old[t.Sender], t.ID)
}
