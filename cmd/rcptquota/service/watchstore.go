package service

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/rcptquota/rcptquota/quota/counter"
	"github.com/rcptquota/rcptquota/quota/counter/redis"
)

const (
	// inspectEvery is how often Redis is inspected: its settings, and the masters of a
	// Cluster, change while it runs.
	inspectEvery = time.Minute
	// inspectAgain is how soon a Redis that was away is inspected again.
	inspectAgain = 10 * time.Second
)

// inspector is a store that can inspect its Redis. The error means that Redis is
// away, which each message's record and the metrics tell.
type inspector interface {
	Inspect(ctx context.Context) (redis.Inspection, error)
}

// watchStore logs what the store noticed when it was opened and then, in the
// background, each problem that makes its counts wrong, once until it is solved.
// The caller calls stop.
func watchStore(ctx context.Context, log *slog.Logger, store counter.Counter) (stop func()) {
	if s, ok := store.(interface{ Notice() error }); ok {
		if err := s.Notice(); err != nil {
			// Log record "digest_key_changed": a warning, at a start: the digests in `state_dir` were made
			// with another key, and have been forgotten; `error` says for how many senders
			log.Warn("digest_key_changed", "error", err)
		}
	}
	s, ok := store.(inspector)
	if !ok {
		return func() {}
	}
	ctx, cancel := context.WithCancel(ctx)
	var watching sync.WaitGroup
	watching.Go(func() { (&storeWatch{store: s, log: log}).run(ctx) })
	return func() {
		cancel()
		watching.Wait()
	}
}

// storeWatch remembers what has been logged.
type storeWatch struct {
	store    inspector
	log      *slog.Logger
	evicting []redis.Eviction
	otherKey string
	unseen   bool // something could not be examined
}

// run inspects the store again and again until ctx is done.
func (w *storeWatch) run(ctx context.Context) {
	for {
		wait := inspectEvery
		if found, err := w.store.Inspect(ctx); err != nil {
			wait = inspectAgain
		} else {
			w.tell(&found)
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
	}
}

// tell logs what is new.
func (w *storeWatch) tell(found *redis.Inspection) {
	if found.MemoryError == nil {
		w.tellEviction(found.Evicting)
	}
	if found.KeyError == nil {
		w.tellKey(found)
	}
	for _, err := range []error{found.MemoryError, found.KeyError} {
		if err != nil && !w.unseen {
			// Log record "redis_not_examined": once, if its settings, or the other relays' digest key, could not
			// be checked, for instance because a permission is missing: `error`
			w.log.Info("redis_not_examined", "error", err)
		}
	}
	w.unseen = found.MemoryError != nil || found.KeyError != nil
}

func (w *storeWatch) tellEviction(evicting []redis.Eviction) {
	evicting = slices.SortedFunc(slices.Values(evicting), redis.Eviction.Compare)
	if slices.Equal(evicting, w.evicting) {
		return
	}
	w.evicting = evicting
	for _, e := range evicting {
		// Log record "redis_evicts": a warning for each master that may evict counts; again only when
		// something changes
		// Log key "server": a Redis master
		// Log key "maxmemory_policy": its setting
		// Log key "maxmemory": the same, in bytes
		w.log.Warn("redis_evicts", "server", e.Server, "maxmemory_policy", e.Policy, "maxmemory", e.MaxMemory)
	}
	if len(evicting) == 0 {
		// Log record "redis_evicts_nothing": when no master may evict any longer
		w.log.Info("redis_evicts_nothing")
	}
}

func (w *storeWatch) tellKey(found *redis.Inspection) {
	if found.OtherFingerprint == w.otherKey {
		return
	}
	w.otherKey = found.OtherFingerprint
	if w.otherKey == "" {
		// Log record "digest_key_agrees": when this relay's digest key is the other relays' again
		w.log.Info("digest_key_agrees")
		return
	}
	// Log record "digest_key_differs": an error, once: this relay's digest key is not that of the
	// other relays. See [Redis](configuration.md#redis)
	// Log key "fingerprint": of this relay's digest key
	// Log key "in_redis": the fingerprint of the other relays' key
	w.log.Error("digest_key_differs", "fingerprint", found.Fingerprint, "in_redis", found.OtherFingerprint)
}
