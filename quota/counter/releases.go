package counter

import (
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/rcptquota/rcptquota/quota"
)

// maxReleases is how many releases may wait. The messages of further ones stay counted.
const maxReleases = 100_000

// releases are the releases that wait for Redis. A restart forgets them, and their
// messages stay counted. The zero value is ready for use by many goroutines at once.
type releases struct {
	mu      sync.Mutex
	waiting map[quota.Ticket]time.Time // since when
}

func (r *releases) add(t quota.Ticket) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.waiting == nil {
		r.waiting = map[quota.Ticket]time.Time{}
	}
	if len(r.waiting) < maxReleases {
		r.waiting[t] = time.Now()
	}
}

// all lists the releases that still matter.
func (r *releases) all() []quota.Ticket {
	r.mu.Lock()
	defer r.mu.Unlock()
	maps.DeleteFunc(r.waiting, func(_ quota.Ticket, since time.Time) bool { return time.Since(since) > openLife })
	return slices.Collect(maps.Keys(r.waiting))
}

func (r *releases) done(t quota.Ticket) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.waiting, t)
}
