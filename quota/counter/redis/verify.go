package redis

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/rcptquota/rcptquota/quota"
	"github.com/rcptquota/rcptquota/quota/conf"
	"github.com/rcptquota/rcptquota/quota/counter/digest"
	"github.com/rcptquota/rcptquota/quota/counter/endpoint"
)

// Verify asks the Redis of a valid configuration whether messages can be counted
// there: that every master answers, takes our password, and lets us run the
// scripts; that none evicts what is counted; and that other relays have the same
// digest key. It counts one message of nobody on each master, and takes it back. The
// lines say, for people, what works and what to correct.
// The error has its key from the top of the configuration file.
func Verify(ctx context.Context, config endpoint.Config, digests *digest.Digester) (lines []string, err error) {
	r, err := Open(config, digests)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	masters, err := r.CountNobody(ctx)
	if err != nil {
		return nil, conf.Errorf("store.addresses", "%v", err)
	}
	cluster := ""
	if masters > 0 {
		cluster = fmt.Sprintf(", a Cluster of %d masters", masters)
	}
	lines = []string{fmt.Sprintf("redis %s%s: answers, and counts", r.addresses, cluster)}
	found, err := r.Inspect(ctx, false)
	if err != nil {
		return nil, conf.Errorf("store.addresses", "%v", err)
	}
	if found.OtherFingerprint != "" {
		return nil, conf.Errorf("store.digest_key_file", "other relays have another key than this one (%s in redis is %s, ours is %s), so they do not count together; give all relays the same key",
			fingerprintKey, found.OtherFingerprint, found.Fingerprint)
	}
	return append(lines, found.lines(r.addresses)...), nil
}

// lines describe what was found, for people.
func (i *Inspection) lines(addresses string) []string {
	var lines []string
	say := func(format string, values ...any) { lines = append(lines, "redis "+fmt.Sprintf(format, values...)) }
	for _, e := range i.Evicting {
		say("%v; set maxmemory_policy to %s", e, noEviction)
	}
	switch {
	case i.MemoryError != nil:
		say("%s: cannot check whether it evicts what is counted: %v; it must not (maxmemory_policy %s)", addresses, i.MemoryError, noEviction)
	case len(i.Evicting) > 0:
	case i.Unlimited:
		say("%s: evicts nothing: it has no maxmemory", addresses)
	default:
		say("%s: evicts nothing: maxmemory_policy is %s", addresses, noEviction)
	}
	if i.KeyError != nil {
		say("%s: cannot check whether other relays have the same digest key: %v", addresses, i.KeyError)
	}
	return lines
}

// CountNobody pings every master, and counts on each a message of a login that no
// sender has. It returns the number of masters of a Cluster; 0: Redis is a single
// server.
func (r *Store) CountNobody(ctx context.Context) (masters int, err error) {
	if err := r.Ping(ctx); err != nil {
		return 0, err
	}
	logins, err := r.nobodies(ctx)
	if err != nil {
		return 0, r.fail(err)
	}
	for _, login := range logins {
		reservation := quota.Reservation{
			Ticket:     quota.Ticket{Sender: login, ID: rand.Text()},
			Windows:    []quota.Window{{Per: time.Minute, Recipients: 1000, Count: quota.Distinct}},
			Recipients: slices.Values([]string{"nobody@localhost"}),
			N:          1,
		}
		_, err := r.Reserve(ctx, &reservation)
		if err := errors.Join(err, r.Settle(ctx, reservation.Ticket, false)); err != nil {
			return 0, err
		}
	}
	if cluster, _ := endpoint.ClusterOf(ctx, r.client); cluster == nil {
		return 0, nil
	}
	return len(logins), nil
}

// enoughLogins is how many logins are tried: enough to find one even for a master that
// has few slots.
const enoughLogins = 200_000

// nobodies returns logins that no sender has: the empty one or, for a Cluster, one that
// begins with NUL for each master.
func (r *Store) nobodies(ctx context.Context) ([]string, error) {
	cluster, err := endpoint.ClusterOf(ctx, r.client)
	if err != nil || cluster == nil {
		return []string{""}, err
	}
	var masters atomic.Int64
	if err := cluster.ForEachMaster(ctx, func(context.Context, *redis.Client) error { masters.Add(1); return nil }); err != nil {
		return nil, err
	}
	var logins []string
	known := map[string]bool{}
	for i := 0; len(logins) < int(masters.Load()); i++ {
		login := "\x00" + strconv.Itoa(i)
		master, err := cluster.MasterForKey(ctx, r.Keys(login)[0])
		if err != nil {
			return nil, err
		}
		if i == enoughLogins {
			return nil, fmt.Errorf("%d masters of the Cluster serve no slots", int(masters.Load())-len(logins))
		}
		if address := master.Options().Addr; !known[address] {
			known[address] = true
			logins = append(logins, login)
		}
	}
	return logins, nil
}
