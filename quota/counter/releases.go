package counter

import (
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/rcptquota/rcptquota/quota"
)

// maxReleases bounds the releases that wait. Those beyond stay counted.
const maxReleases = 100_000

// releases are those that wait for Redis. The zero value is ready, for many
// goroutines at once.
type releases struct {
	mu      sync.Mutex
	waiting map[string]release // by id
}

type release struct {
	ticket quota.Ticket
	lost   bool // see Redis.release
	since  time.Time
}

func (r *releases) add(t quota.Ticket, lost bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.waiting == nil {
		r.waiting = map[string]release{}
	}
	if len(r.waiting) < maxReleases {
		r.waiting[t.ID] = release{t, lost || r.waiting[t.ID].lost, time.Now()}
	}
}

// all lists the releases that still matter.
func (r *releases) all() []release {
	r.mu.Lock()
	defer r.mu.Unlock()
	maps.DeleteFunc(r.waiting, func(_ string, w release) bool { return time.Since(w.since) > settleWithin*time.Microsecond })
	return slices.Collect(maps.Values(r.waiting))
}

func (r *releases) done(w release) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.waiting[w.ticket.ID] == w {
		delete(r.waiting, w.ticket.ID)
	}
}
