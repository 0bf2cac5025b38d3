package counter

import (
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/fxamacker/cbor/v2"

	"github.com/rcptquota/rcptquota/quota"
)

// maxReleases bounds the releases that wait. Those beyond stay counted.
const maxReleases = 100_000

// releases are those that wait for Redis. The zero value is ready, for many
// goroutines at once.
type releases struct {
	mu      sync.Mutex
	waiting map[string]release  // by id
	dirty   map[string]struct{} // ids of those that changed since they were saved
}

// release is one that waits. The fields are what state_dir holds of it, in CBOR.
type release struct {
	_      struct{} `cbor:",toarray"`
	Sender string
	ID     string
	Lost   bool  // see Redis.release
	Since  int64 // microseconds since 1970
}

func (w *release) ticket() quota.Ticket { return quota.Ticket{Sender: w.Sender, ID: w.ID} }

func (r *releases) add(t quota.Ticket, lost bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.waiting) < maxReleases {
		r.put(release{Sender: t.Sender, ID: t.ID, Lost: lost || r.waiting[t.ID].Lost, Since: time.Now().UnixMicro()})
	}
}

// put is add of one that was made before. The caller holds mu.
func (r *releases) put(w release) {
	if r.waiting == nil {
		r.waiting, r.dirty = map[string]release{}, map[string]struct{}{}
	}
	r.waiting[w.ID] = w
	r.dirty[w.ID] = struct{}{}
}

// all lists the releases that still matter.
func (r *releases) all() []release {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := time.Now().UnixMicro()
	for id, w := range r.waiting {
		if now-w.Since > settleWithin {
			r.drop(id)
		}
	}
	return slices.Collect(maps.Values(r.waiting))
}

func (r *releases) done(w release) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.waiting[w.ID] == w {
		r.drop(w.ID)
	}
}

func (r *releases) drop(id string) {
	delete(r.waiting, id)
	r.dirty[id] = struct{}{}
}

// take returns what changed, encoded, by id; nil for one that is gone.
func (r *releases) take() (map[string][]byte, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	changed := make(map[string][]byte, len(r.dirty))
	for id := range r.dirty {
		changed[id] = nil
		if w, ok := r.waiting[id]; ok {
			text, err := cbor.Marshal(w)
			if err != nil {
				return nil, err
			}
			changed[id] = text
		}
	}
	clear(r.dirty)
	return changed, nil
}

// mark has what take returned taken again.
func (r *releases) mark(changed map[string][]byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for id := range changed {
		r.dirty[id] = struct{}{}
	}
}
