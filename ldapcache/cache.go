package ldapcache

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"golang.org/x/sync/singleflight"

	"github.com/rcptquota/rcptquota/quota"
)

// lookup asks the directory itself, within its own time limit. Its error is as
// [quota.Directory.Sender] says.
type lookup func(ctx context.Context, login string) (quota.Sender, error)

// cache remembers what a lookup found.
type cache struct {
	ages     ages
	lookup   lookup
	source   io.Closer // what the lookup uses
	entries  *lru.Cache[string, *entry]
	searches singleflight.Group

	running sync.WaitGroup // searches
	mu      sync.Mutex     // guards closed, and that no search begins after it
	closed  bool
}

// ages are the times for which answers may be used.
type ages struct {
	found, negative, stale time.Duration
}

// entry is one certain answer. It does not change.
type entry struct {
	sender quota.Sender
	err    error     // wraps ErrAbsent or ErrAmbiguous, or is nil
	asked  time.Time // when the directory was asked
}

func newCache(config Config, lookup lookup, source io.Closer) (*cache, error) {
	entries, err := lru.New[string, *entry](config.CacheEntries)
	if err != nil {
		return nil, err
	}
	return &cache{
		ages: ages{
			found:    config.TTL.Duration,
			negative: config.NegativeTTL.Duration,
			stale:    config.StaleFor.Duration,
		},
		lookup:  lookup,
		source:  source,
		entries: entries,
	}, nil
}

// Sender implements [quota.Directory]. What is remembered costs no allocation;
// what is not waits for a search, until ctx ends.
func (c *cache) Sender(ctx context.Context, login string) (quota.Sender, error) {
	key, ok := normalise(login)
	if !ok {
		return quota.Sender{}, quota.ErrAbsent
	}
	known, _ := c.entries.Get(key)
	now := time.Now()
	if known.fresh(now, c.ages) {
		return known.sender, known.err
	}
	answer, err := c.search(ctx, key)
	if err != nil {
		return known.otherwise(now, c.ages, err)
	}
	return answer.sender, answer.err
}

// Close implements [io.Closer]. It returns when no search runs any more.
func (c *cache) Close() error {
	c.mu.Lock()
	c.closed = true
	c.mu.Unlock()
	err := c.source.Close() // fails the searches that run
	c.running.Wait()
	return err
}

// begin counts a search in, unless the cache is closed.
func (c *cache) begin() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return false
	}
	c.running.Add(1)
	return true
}

// search waits for the one search for key. The error means that the directory is
// unavailable, or that ctx ended first.
func (c *cache) search(ctx context.Context, key string) (*entry, error) {
	// The search is for all who wait, and for the cache: it stays when this
	// client leaves.
	lasting := context.WithoutCancel(ctx)
	result := c.searches.DoChan(key, func() (any, error) { return c.ask(lasting, key) })
	select {
	case <-ctx.Done():
		return nil, fmt.Errorf("waiting for the directory: %w", context.Cause(ctx))
	case r := <-result:
		answer, _ := r.Val.(*entry)
		return answer, r.Err
	}
}

// ask searches, and remembers an answer that is certain.
func (c *cache) ask(ctx context.Context, key string) (*entry, error) {
	if !c.begin() {
		return nil, errClosed
	}
	defer c.running.Done()
	answer := &entry{asked: time.Now()}
	answer.sender, answer.err = c.lookup(ctx, key)
	if answer.err != nil && !errors.Is(answer.err, quota.ErrAbsent) && !errors.Is(answer.err, quota.ErrAmbiguous) {
		return nil, answer.err
	}
	c.entries.Add(key, answer)
	return answer, nil
}

// fresh reports whether e, which is nil where nothing is remembered, answers
// without asking again.
func (e *entry) fresh(now time.Time, ages ages) bool {
	switch {
	case e == nil:
		return false
	case e.err != nil:
		return now.Sub(e.asked) < ages.negative
	}
	return now.Sub(e.asked) < ages.found
}

// otherwise is the answer when the directory could not be asked, for the reason
// err: a sender that was found and is not too old, as stale.
func (e *entry) otherwise(now time.Time, ages ages, err error) (quota.Sender, error) {
	if e == nil || e.err != nil || now.Sub(e.asked) > ages.stale {
		return quota.Sender{}, err
	}
	stale := e.sender
	stale.Stale = err
	return stale, nil
}
