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

var (
	errClosed = errors.New("the directory is closed")
	// errSlow is why an answer is stale although the directory may be available.
	errSlow = errors.New("the directory takes long to answer")
)

// lookup asks the directory itself, until ctx ends. The error wraps
// [quota.ErrAbsent] or [quota.ErrAmbiguous] when the directory said so; any other
// means that it is unavailable.
type lookup[V any] func(ctx context.Context, key string) (V, error)

// cache remembers what a lookup found, by key. It is used by many goroutines at once.
type cache[V any] struct {
	lookup    lookup[V]
	ages      ages
	timeout   time.Duration // of a lookup
	staleWait time.Duration // how long a search is waited for where a stale answer would do
	entries   *lru.Cache[string, *entry[V]]
	searches  singleflight.Group
	counts    counts

	running sync.WaitGroup // searches
	mu      sync.Mutex     // guards closed, and that no search begins after it
	closed  bool
}

// ages are how old answers may be: fresh ones, those that there is no one entry, and
// stale ones.
type ages struct {
	found, negative, stale time.Duration
}

// entry is one answer of the directory. Its value does not change.
type entry[V any] struct {
	value      V
	err        error         // wraps ErrAbsent or ErrAmbiguous, or is nil
	asked      time.Time     // when the directory was asked
	refreshAge time.Duration // from which it is asked for again, if it is used
	ttl        time.Duration // age up to which it is fresh
	refreshed  atomic.Bool   // a search was begun since the refresh age
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
		timeout:   config.Timeout.Duration,
		staleWait: config.Timeout.Duration / 4,
		entries:   entries,
	}, nil
}

// get returns the answer for key. A fresh one costs no allocation and no wait;
// otherwise get waits for a search, until ctx ends.
//
// The value is shared: it must not be changed. Where stale is not nil, it is an old
// answer, and stale tells why the directory could not be asked again. The error wraps
// [quota.ErrAbsent] or [quota.ErrAmbiguous] where the directory said so; any other means
// that nothing is known now.
func (c *cache[V]) get(ctx context.Context, key string) (value *V, stale, err error) {
	now := time.Now()
	cached, fresh := c.remembered(ctx, key, now)
	if !fresh {
		return c.miss(ctx, key, cached, now)
	}
	return &cached.value, nil, cached.err
}

// remembered returns the entry of key, or nil, and whether it is fresh. One past its
// refresh age is asked for again in the background, once.
func (c *cache[V]) remembered(ctx context.Context, key string, now time.Time) (cached *entry[V], fresh bool) {
	cached, ok := c.entries.Get(key)
	if !ok {
		return nil, false
	}
	age := now.Sub(cached.asked)
	if age >= cached.ttl {
		return cached, false
	}
	if age >= cached.refreshAge && cached.refreshed.CompareAndSwap(false, true) {
		c.start(ctx, key, cached)
	}
	c.counts.hits.Add(1)
	return cached, true
}

// miss answers with a search. Where that fails or takes long, the old entry, if there
// is one, may be served stale.
func (c *cache[V]) miss(ctx context.Context, key string, old *entry[V], now time.Time) (value *V, stale, err error) {
	mayBeStale := old != nil && old.err == nil && now.Sub(old.asked) <= c.ages.stale
	if mayBeStale {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, c.staleWait, errSlow)
		defer cancel()
	}
	answer, err := c.search(ctx, key, old)
	switch {
	case err == nil:
		c.counts.misses.Add(1)
		return &answer.value, nil, answer.err
	case mayBeStale:
		c.counts.stale.Add(1)
		return &old.value, err, nil
	}
	c.counts.unavailable.Add(1)
	return nil, nil, err
}

// search waits for the one search for key. The error means that the directory is
// unavailable, or that ctx ended first.
func (c *cache[V]) search(ctx context.Context, key string, old *entry[V]) (*entry[V], error) {
	select {
	case <-ctx.Done():
		return nil, fmt.Errorf("waiting for the directory: %w", context.Cause(ctx))
	case r := <-c.start(ctx, key, old):
		answer, _ := r.Val.(*entry[V])
		return answer, r.Err
	}
}

// start begins the search for key, or joins the one that runs. The search goes on when
// the client leaves.
func (c *cache[V]) start(ctx context.Context, key string, old *entry[V]) <-chan singleflight.Result {
	ctx = context.WithoutCancel(ctx)
	return c.searches.DoChan(key, func() (any, error) { return c.ask(ctx, key, old) })
}

// ask searches, unless the old entry was replaced since, and remembers the answer.
func (c *cache[V]) ask(ctx context.Context, key string, old *entry[V]) (*entry[V], error) {
	if !c.enter() {
		return nil, errClosed
	}
	defer c.running.Done()
	if e, ok := c.entries.Get(key); ok && e != old && time.Since(e.asked) < e.ttl {
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

// remember keeps an answer of the directory.
func (c *cache[V]) remember(key string, asked time.Time, value V, err error) *entry[V] {
	e := &entry[V]{value: value, err: err, asked: asked, ttl: c.ages.found, refreshAge: refreshAge(c.ages.found)}
	if err != nil {
		e.ttl, e.refreshAge = c.ages.negative, c.ages.negative
	}
	c.entries.Add(key, e)
	return e
}

// refreshAge is the age from which an answer is asked for again while it is fresh:
// between 6 and 7 eighths of its ttl, drawn for each, so that answers of the same moment
// are not asked for again in the same moment.
func refreshAge(ttl time.Duration) time.Duration {
	return ttl*6/8 + rand.N(ttl/8+1) //nolint:gosec // nothing is secret
}

// enter counts a running search, unless the cache is closed.
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
