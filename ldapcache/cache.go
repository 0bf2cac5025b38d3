package ldapcache

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"golang.org/x/sync/singleflight"

	"github.com/rcptquota/rcptquota/quota"
)

// errSlow is why an answer is stale although the directory may be well.
var errSlow = errors.New("the directory takes long to answer")

// lookup asks the directory itself, until ctx ends. The error wraps
// [quota.ErrAbsent] or [quota.ErrAmbiguous] when the directory said so; any other
// means that it is unavailable.
type lookup[V any] func(ctx context.Context, key string) (V, error)

// cache remembers what a lookup found, by normalised key. It is used by many
// goroutines at once.
type cache[V any] struct {
	lookup   lookup[V]
	ages     ages
	timeout  time.Duration // of a lookup
	patience time.Duration // of who waits for a search and has a stale answer
	entries  *lru.Cache[string, *entry[V]]
	searches singleflight.Group
	counts   counts

	running sync.WaitGroup // searches
	mu      sync.Mutex     // guards closed, and that no search begins after it
	closed  bool
}

// ages are those up to which answers may be used.
type ages struct {
	found, negative, stale time.Duration
}

// entry is one certain answer. Its value does not change.
type entry[V any] struct {
	value V
	err   error     // wraps ErrAbsent or ErrAmbiguous, or is nil
	asked time.Time // when the directory was asked
	due   time.Duration
	ttl   time.Duration
	ahead atomic.Bool // asked again since it was due
}

// newCache sizes and times a cache as config says.
func newCache[V any](config Config, lookup lookup[V]) (*cache[V], error) {
	entries, err := lru.New[string, *entry[V]](config.CacheEntries)
	if err != nil {
		return nil, err
	}
	return &cache[V]{
		lookup: lookup,
		ages: ages{
			found:    config.TTL.Duration,
			negative: config.NegativeTTL.Duration,
			stale:    config.StaleFor.Duration,
		},
		timeout:  config.Timeout.Duration,
		patience: config.Timeout.Duration / 4,
		entries:  entries,
	}, nil
}

// get returns the answer for key, which is normalised. What is fresh costs no
// allocation, and no wait; what is not waits for a search, until ctx ends.
//
// The value is shared: it must not be changed. It is certain when stale and err
// are nil. Stale tells why the directory could not be asked again about a value
// that was certain once. The error wraps [quota.ErrAbsent] or [quota.ErrAmbiguous]
// where that is certain; any other means that nothing is known now.
func (c *cache[V]) get(ctx context.Context, key string) (value *V, stale, err error) {
	now := time.Now()
	known, fresh := c.remembered(ctx, key, now)
	if !fresh {
		return c.miss(ctx, key, known, now)
	}
	return &known.value, nil, known.err
}

// remembered returns what is known of key, or nil, and whether that is fresh.
// What is soon to be old is asked for again meanwhile.
func (c *cache[V]) remembered(ctx context.Context, key string, now time.Time) (known *entry[V], fresh bool) {
	known, ok := c.entries.Get(key)
	if !ok {
		return nil, false
	}
	age := now.Sub(known.asked)
	if age >= known.ttl {
		return known, false
	}
	if age >= known.due && known.ahead.CompareAndSwap(false, true) {
		c.start(ctx, key, known)
	}
	c.counts.hits.Add(1)
	return known, true
}

// miss answers with a search. What was known, unless it is nil, may bridge a
// search that fails or takes long.
func (c *cache[V]) miss(ctx context.Context, key string, known *entry[V], now time.Time) (value *V, stale, err error) {
	bridge := known != nil && known.err == nil && now.Sub(known.asked) <= c.ages.stale
	if bridge {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, c.patience, errSlow)
		defer cancel()
	}
	answer, err := c.search(ctx, key, known)
	switch {
	case err == nil:
		c.counts.misses.Add(1)
		return &answer.value, nil, answer.err
	case bridge:
		c.counts.stale.Add(1)
		return &known.value, err, nil
	}
	c.counts.unavailable.Add(1)
	return nil, nil, err
}

// search waits for the one search for key. The error means that the directory is
// unavailable, or that ctx ended first.
func (c *cache[V]) search(ctx context.Context, key string, known *entry[V]) (*entry[V], error) {
	select {
	case <-ctx.Done():
		return nil, fmt.Errorf("waiting for the directory: %w", context.Cause(ctx))
	case r := <-c.start(ctx, key, known):
		answer, _ := r.Val.(*entry[V])
		return answer, r.Err
	}
}

// start begins the search for key, or joins the one that runs. It is for all who
// wait, and for the cache: it goes on when the client leaves.
func (c *cache[V]) start(ctx context.Context, key string, known *entry[V]) <-chan singleflight.Result {
	ctx = context.WithoutCancel(ctx)
	return c.searches.DoChan(key, func() (any, error) { return c.ask(ctx, key, known) })
}

// ask searches, unless what was known was replaced since, and remembers an answer
// that is certain.
func (c *cache[V]) ask(ctx context.Context, key string, known *entry[V]) (*entry[V], error) {
	if !c.enter() {
		return nil, errClosed
	}
	defer c.running.Done()
	if e, ok := c.entries.Get(key); ok && e != known && time.Since(e.asked) < e.ttl {
		return e, nil
	}
	c.counts.searches.Add(1)
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	asked := time.Now()
	value, err := c.lookup(ctx, key)
	if err != nil && !errors.Is(err, quota.ErrAbsent) && !errors.Is(err, quota.ErrAmbiguous) {
		c.counts.errors.Add(1)
		return nil, err
	}
	return c.remember(key, asked, value, err), nil
}

// remember keeps a certain answer.
func (c *cache[V]) remember(key string, asked time.Time, value V, err error) *entry[V] {
	e := &entry[V]{value: value, err: err, asked: asked, ttl: c.ages.found, due: ahead(c.ages.found)}
	if err != nil {
		e.ttl, e.due = c.ages.negative, c.ages.negative
	}
	c.entries.Add(key, e)
	return e
}

// ahead is the age from which an answer is asked for again while it is fresh:
// between 6 and 7 eighths of its time, so that what was learnt at once is not
// asked for at once.
func ahead(ttl time.Duration) time.Duration {
	return ttl*6/8 + rand.N(ttl/8+1) //nolint:gosec // nothing to guess
}

// enter counts a search in, unless the cache is closed.
func (c *cache[V]) enter() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return false
	}
	c.running.Add(1)
	return true
}

// close returns when no search runs any more, and none will.
func (c *cache[V]) close() {
	c.mu.Lock()
	c.closed = true
	c.mu.Unlock()
	c.running.Wait()
}
