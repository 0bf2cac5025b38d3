package counter

import (
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/rcptquota/rcptquota/quota"
	"github.com/rcptquota/rcptquota/quota/counter/underway"
)

// maxReleases and maxReleasesOfOne are how many releases may wait, and how many of
// one sender, who takes nobody else's place. The messages of further ones stay
// counted.
const (
	maxReleases      = 100_000
	maxReleasesOfOne = 1000
)

// releases are the releases that wait for Redis. A restart forgets them, and their
// messages stay counted. The zero value is ready for use by many goroutines at once.
type releases struct {
	mu      sync.Mutex
	waiting map[quota.Ticket]time.Time // since when
	senders map[string]int             // how many of each wait
}

func (r *releases) add(t quota.Ticket) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.waiting == nil {
		r.waiting, r.senders = map[quota.Ticket]time.Time{}, map[string]int{}
	}
	_, waits := r.waiting[t]
	if !waits && (len(r.waiting) >= maxReleases || r.senders[t.Sender] >= maxReleasesOfOne) {
		return
	}
	if !waits {
		r.senders[t.Sender]++
	}
	r.waiting[t] = time.Now()
}

// all lists the releases that still matter.
func (r *releases) all() []quota.Ticket {
	oldest := time.Now().Add(-underway.Life)
	r.mu.Lock()
	defer r.mu.Unlock()
	for t, since := range r.waiting {
		if since.Before(oldest) {
			r.remove(t)
		}
	}
	return slices.Collect(maps.Keys(r.waiting))
}

func (r *releases) done(t quota.Ticket) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.remove(t)
}

// remove is called under the lock.
func (r *releases) remove(t quota.Ticket) {
	if _, waits := r.waiting[t]; !waits {
		return
	}
	delete(r.waiting, t)
	if r.senders[t.Sender]--; r.senders[t.Sender] == 0 {
		delete(r.senders, t.Sender)
	}
}
