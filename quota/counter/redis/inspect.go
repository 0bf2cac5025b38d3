package redis

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"

	"github.com/redis/go-redis/v9"

	"github.com/rcptquota/rcptquota/quota/counter/endpoint"
)

// fingerprintKey holds, in Redis, the fingerprint of the relays' digest key.
const fingerprintKey = "rcptquota:digest_key"

// Inspection is what was found in a Redis that answers: problems that make counts
// wrong without any error.
type Inspection struct {
	// Evicting are the masters that may evict what is counted.
	Evicting []Eviction
	// Unlimited reports that no master has a maxmemory, so that none ever evicts,
	// whatever its policy.
	Unlimited bool
	// MemoryError is why Redis could not be asked whether it evicts, for instance
	// because the ACL user lacks +info; nil: it could.
	MemoryError error
	// Fingerprint is that of this relay's digest key. OtherFingerprint is the one in
	// Redis if it differs, or empty: relays with different keys do not count together.
	Fingerprint, OtherFingerprint string
	// KeyError is why the fingerprints could not be compared, for instance because the
	// ACL user lacks +get and +set; nil: they could.
	KeyError error
}

// Eviction is a server that may evict keys.
type Eviction struct {
	Server    string // its address
	Policy    string // maxmemory_policy
	MaxMemory int64  // bytes
}

// String describes it for people.
func (e Eviction) String() string {
	return fmt.Sprintf("%s may evict what is counted: maxmemory_policy is %s, and maxmemory %d bytes", e.Server, e.Policy, e.MaxMemory)
}

// Compare orders by server.
func (e Eviction) Compare(other Eviction) int { return strings.Compare(e.Server, other.Server) }

// noEviction is the policy that refuses to write instead.
const noEviction = "noeviction"

var errNoPolicy = errors.New("INFO memory names no maxmemory_policy")

// Inspect looks at every master. If store is true and Redis holds no fingerprint of a
// digest key yet, that of this relay is stored for the others to compare with. The
// error means that Redis is away.
func (r *Store) Inspect(ctx context.Context, store bool) (Inspection, error) {
	ctx, cancel := context.WithTimeout(ctx, max(r.timeout, endpoint.BulkTimeout))
	defer cancel()
	i := Inspection{Unlimited: true, Fingerprint: r.digests.Fingerprint()}
	var mu sync.Mutex
	err := endpoint.ForEachMaster(ctx, r.client, func(ctx context.Context, master redis.UniversalClient) error {
		info, err := master.Info(ctx, "memory").Result()
		mu.Lock()
		defer mu.Unlock()
		return i.addMemory(r.addressOf(master), info, err)
	})
	if err != nil {
		return i, r.fail(err)
	}
	other, err := r.storedFingerprint(ctx, store)
	if err != nil {
		i.KeyError, err = replyOrError(r.fail(err))
		return i, err
	}
	if other != "" && other != i.Fingerprint {
		i.OtherFingerprint = other
	}
	return i, nil
}

// addMemory adds what a master answered to INFO memory.
func (i *Inspection) addMemory(server, info string, err error) error {
	if err != nil {
		i.MemoryError, err = replyOrError(err)
		return err
	}
	policy, most, err := memoryOf(info)
	if err != nil {
		i.MemoryError = fmt.Errorf("%s: %w", server, err)
		return nil
	}
	if most > 0 {
		i.Unlimited = false
		if policy != noEviction {
			i.Evicting = append(i.Evicting, Eviction{Server: server, Policy: policy, MaxMemory: most})
		}
	}
	return nil
}

// replyOrError returns err as reply if Redis answered with it, as when a permission is
// missing; otherwise as away.
func replyOrError(err error) (reply, away error) {
	if _, ok := errors.AsType[redis.Error](err); ok {
		return err, nil
	}
	return nil, err
}

// memoryOf reads the reply to INFO memory: the policy, and maxmemory in bytes, where 0
// is no limit.
func memoryOf(info string) (policy string, most int64, err error) {
	fields := map[string]string{}
	for line := range strings.Lines(info) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), ":")
		fields[name] = value
	}
	if policy = fields["maxmemory_policy"]; policy == "" {
		return "", 0, errNoPolicy
	}
	if most, err = strconv.ParseInt(fields["maxmemory"], 10, 64); err != nil {
		return "", 0, fmt.Errorf("INFO memory: maxmemory: %w", err)
	}
	return policy, most, nil
}

// addressOf names a master in what people read.
func (r *Store) addressOf(master redis.UniversalClient) string {
	if c, ok := master.(*redis.Client); ok && c != r.client {
		return c.Options().Addr
	}
	return r.addresses
}

// storedFingerprint returns the fingerprint in Redis, or "" if there is none. If store
// is true, ours is stored then, and returned.
func (r *Store) storedFingerprint(ctx context.Context, store bool) (string, error) {
	for range 2 {
		got, err := r.client.Get(ctx, fingerprintKey).Result()
		if !errors.Is(err, redis.Nil) {
			return got, err
		}
		if !store {
			return "", nil
		}
		err = r.client.SetArgs(ctx, fingerprintKey, r.digests.Fingerprint(), redis.SetArgs{Mode: "NX"}).Err()
		if err == nil {
			return r.digests.Fingerprint(), nil
		}
		if !errors.Is(err, redis.Nil) { // nil: another relay was first
			return "", err
		}
	}
	return "", nil
}
