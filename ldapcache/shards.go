package ldapcache

import (
	"hash/maphash"
	"sync"
	"sync/atomic"

	"github.com/hashicorp/golang-lru/v2/simplelru"
)

const (
	// maxShards is how many locks a cache is spread over; a power of two.
	maxShards = 16
	// minSpread is the size from which a cache is: a small one forgets strictly
	// the least recently used.
	minSpread = 4096
)

// shards remember the entries that were used most recently, spread by key over
// locks of their own. They hold at most the size asked for, rounded up.
type shards[V any] struct {
	seed maphash.Seed
	mask uint64 // picks of a hash the index of all
	all  []shard[V]
}

type shard[V any] struct {
	mu   sync.Mutex
	lru  *simplelru.LRU[string, *entry[V]]
	hits atomic.Uint64 // beside its own lock: all cores count
	_    [40]byte      // to the end of a cache line
}

// newShards fails where size is not positive.
func newShards[V any](size int) (*shards[V], error) {
	n, mask := 1, uint64(0)
	if size >= minSpread {
		n, mask = maxShards, maxShards-1
	}
	s := &shards[V]{seed: maphash.MakeSeed(), mask: mask, all: make([]shard[V], n)}
	for i := range s.all {
		lru, err := simplelru.NewLRU[string, *entry[V]]((size+n-1)/n, nil)
		if err != nil {
			return nil, err
		}
		s.all[i].lru = lru
	}
	return s, nil
}

func (s *shards[V]) of(key string) *shard[V] {
	return &s.all[maphash.String(s.seed, key)&s.mask]
}

// get returns nil where nothing is remembered.
func (s *shard[V]) get(key string) *entry[V] {
	s.mu.Lock()
	e, _ := s.lru.Get(key)
	s.mu.Unlock()
	return e
}

func (s *shard[V]) add(key string, e *entry[V]) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lru.Add(key, e)
}

func (s *shard[V]) len() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.lru.Len()
}
