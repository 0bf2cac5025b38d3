package ldapcache

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sync/singleflight"

	"github.com/rcptquota/rcptquota/quota"
)

// maxBatch is how many keys one search is about: so few that a filter stays well
// below what servers take, so many that a message to thousands costs tens of
// searches.
const maxBatch = 150

// batch asks the directory about many keys, at most maxBatch, with few searches:
// a value for each, nil where there is none, or several where ambiguous says so.
// The error means that the directory is unavailable.
type batch[V any] func(ctx context.Context, keys []string) (values []*V, ambiguous []error, err error)

// maxConcurrent is how many searches of one message are under way at once.
const maxConcurrent = 8

// batches is a cache that asks about many keys at once.
type batches[V any] struct {
	*cache[V]
	ask     batch[V]
	batched singleflight.Group // apart from the cache's, whose results are of another type
}

// outcome is the answer for one key. Its error is as that of [cache.get].
type outcome[V any] struct {
	value *V
	err   error
}

func newBatches[V any](config Config, ask batch[V]) (*batches[V], error) {
	one := func(ctx context.Context, key string) (value V, err error) {
		values, ambiguous, err := ask(ctx, []string{key})
		if err != nil {
			return value, err
		}
		return lookupResult(values[0], ambiguous[0])
	}
	c, err := newCache(config, one)
	return &batches[V]{cache: c, ask: ask}, err
}

// lookupResult is a batch's answer for one key, in the form of a lookup's.
func lookupResult[V any](found *V, ambiguous error) (value V, err error) {
	switch {
	case ambiguous != nil:
		return value, fmt.Errorf("%w: %w", quota.ErrAmbiguous, ambiguous)
	case found == nil:
		return value, quota.ErrAbsent
	}
	return *found, nil
}

// get returns the answer for each key, in their order. For what is not fresh it waits
// for searches, until ctx ends; no answer is stale.
func (b *batches[V]) get(ctx context.Context, keys []string) []outcome[V] {
	now := time.Now()
	outcomes := make([]outcome[V], len(keys))
	var places map[string][]int // of the keys to ask about
	for i, key := range keys {
		if cached, fresh := b.remembered(ctx, key, now); fresh {
			outcomes[i] = outcome[V]{&cached.value, cached.err}
			continue
		}
		if places == nil {
			places = make(map[string][]int)
		}
		places[key] = append(places[key], i)
	}
	if places != nil {
		b.askAbout(ctx, places, outcomes)
	}
	return outcomes
}

// askAbout fills in the outcomes of the keys that places has.
func (b *batches[V]) askAbout(ctx context.Context, places map[string][]int, outcomes []outcome[V]) {
	missing := make([]string, 0, len(places))
	for key := range places {
		missing = append(missing, key)
	}
	slices.Sort(missing) // so that messages to the same lists ask the same
	var searches errgroup.Group
	searches.SetLimit(maxConcurrent)
	for some := range slices.Chunk(missing, maxBatch) {
		searches.Go(func() error {
			for i, o := range b.wait(ctx, some) {
				for _, place := range places[some[i]] {
					outcomes[place] = o
				}
			}
			return nil
		})
	}
	_ = searches.Wait() // each outcome has its own error
}

// wait waits for the one search for these keys.
func (b *batches[V]) wait(ctx context.Context, keys []string) []outcome[V] {
	lasting := context.WithoutCancel(ctx)
	result := b.batched.DoChan(strings.Join(keys, "\x00"), func() (any, error) { return b.search(lasting, keys) })
	var err error
	select {
	case <-ctx.Done():
		err = fmt.Errorf("waiting for the directory: %w", context.Cause(ctx))
	case r := <-result:
		if err = r.Err; err == nil {
			b.counts.misses.Add(uint64(len(keys)))
			return r.Val.([]outcome[V])
		}
	}
	b.counts.unavailable.Add(uint64(len(keys)))
	return slices.Repeat([]outcome[V]{{err: err}}, len(keys))
}

// search asks, and remembers the answers.
func (b *batches[V]) search(ctx context.Context, keys []string) ([]outcome[V], error) {
	if !b.enter() {
		return nil, errClosed
	}
	defer b.running.Done()
	b.counts.searches.Add(1)
	ctx, cancel := context.WithTimeout(ctx, b.timeout)
	defer cancel()
	asked := time.Now()
	values, ambiguous, err := b.ask(ctx, keys)
	if err != nil {
		b.counts.errors.Add(1)
		return nil, err
	}
	outcomes := make([]outcome[V], len(keys))
	for i, key := range keys {
		value, err := lookupResult(values[i], ambiguous[i])
		cached := b.remember(key, asked, value, err)
		outcomes[i] = outcome[V]{&cached.value, cached.err}
	}
	return outcomes, nil
}
