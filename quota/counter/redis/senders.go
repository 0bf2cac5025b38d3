package redis

import (
	"context"
	"errors"
	"iter"
	"sync"

	"github.com/redis/go-redis/v9"

	"github.com/rcptquota/rcptquota/quota/counter/endpoint"
)

// scanCount is about how many keys one step of the iteration looks at.
const scanCount = 500

// Senders yields the senders of whom anything is counted, by the names that
// [quota.Ticket] has for them, in no order, and some perhaps twice. Those who have only
// sent through an earlier version have no name yet, and are left out. It goes through
// Redis in small steps (SCAN), so that no message waits for it; an ACL user needs +scan.
// After an error nothing more is yielded.
func (r *Store) Senders(ctx context.Context) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		masters, err := r.masters(ctx)
		if err != nil {
			yield("", r.fail(err))
			return
		}
		for _, master := range masters {
			cursor := uint64(0)
			for {
				var names []string
				names, cursor, err = r.someSenders(ctx, master, cursor)
				if err != nil {
					yield("", r.fail(err))
					return
				}
				for _, name := range names {
					if !yield(name, nil) {
						return
					}
				}
				if cursor == 0 {
					break
				}
			}
		}
	}
}

// masters are the server or, in a Cluster, its present masters.
func (r *Store) masters(ctx context.Context) ([]redis.UniversalClient, error) {
	ctx, cancel := context.WithTimeout(ctx, max(r.timeout, endpoint.BulkTimeout))
	defer cancel()
	var mu sync.Mutex
	var masters []redis.UniversalClient
	err := endpoint.ForEachMaster(ctx, r.client, func(_ context.Context, master redis.UniversalClient) error {
		mu.Lock()
		defer mu.Unlock()
		masters = append(masters, master)
		return nil
	})
	return masters, err
}

// someSenders goes one step further through the keys of a master.
func (r *Store) someSenders(ctx context.Context, master redis.UniversalClient, cursor uint64) (names []string, next uint64, err error) {
	ctx, cancel := context.WithTimeout(ctx, max(r.timeout, endpoint.BulkTimeout))
	defer cancel()
	keys, next, err := master.Scan(ctx, cursor, keyPrefix+"{*}:"+stateSuffix, scanCount).Result()
	if err != nil || len(keys) == 0 {
		return nil, next, err
	}
	var found []*redis.StringCmd
	_, _ = master.Pipelined(ctx, func(p redis.Pipeliner) error {
		for _, key := range keys {
			found = append(found, p.HGet(ctx, key, senderField))
		}
		return nil
	}) // each command has an error of its own
	for i, f := range found {
		if _, moved := redis.IsMovedError(f.Err()); moved { // while slots move
			f = r.client.HGet(ctx, keys[i], senderField)
		}
		if _, reply := errors.AsType[redis.Error](f.Err()); f.Err() != nil && !reply {
			return nil, next, f.Err()
		}
		// An error in reply: it is gone, or damaged. Some are those of CountNobody.
		if name := f.Val(); name != "" && name[0] != 0 {
			names = append(names, name)
		}
	}
	return names, next, nil
}

// Reset forgets all that is counted of a sender, for all relays. Messages under way are
// not counted any more either; settling them later is no error.
func (r *Store) Reset(ctx context.Context, sender string) error {
	ctx, cancel := context.WithTimeout(ctx, max(r.timeout, endpoint.BulkTimeout))
	defer cancel()
	return r.fail(resetScript.Run(ctx, r.client, r.Keys(sender)).Err())
}
