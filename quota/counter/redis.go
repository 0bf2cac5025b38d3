package counter

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/rcptquota/rcptquota/quota"
	"github.com/rcptquota/rcptquota/quota/conf"
)

// Redis counts in a Redis server or Cluster, exactly, for all relays together,
// on Redis's own clock: one command a message. It knows recipients and senders
// as keyed digests only. Redis 6.2 or later is needed.
type Redis struct {
	client    redis.UniversalClient
	addresses string // as configured
	digests   *digester
	timeout   time.Duration
	committed committed
	commands  sync.Pool // of *command
}

// OpenRedis prepares the store without asking any server. The error is about
// a file that the configuration names.
func OpenRedis(config Config) (*Redis, error) {
	key, err := readKey(config.DigestKeyFile)
	if err != nil {
		return nil, conf.Errorf("store.digest_key_file", "%v", err)
	}
	client, err := config.Client()
	if err != nil {
		return nil, err
	}
	r := &Redis{
		client:    client,
		addresses: strings.Join(config.Addresses, " "),
		digests:   newDigester(key),
		timeout:   config.Timeout.Duration,
	}
	r.commands.New = func() any { return &command{} }
	return r, nil
}

// Reserve implements quota.Counter: one command, or two when Redis has
// forgotten its scripts. After an error other than [quota.ErrTooManyOpen] the message
// may be counted or not, until the reservation is released.
func (r *Redis) Reserve(ctx context.Context, reservation *quota.Reservation) (quota.Count, error) {
	ctx, cancel := context.WithTimeout(ctx, r.timeout)
	defer cancel()
	committed := r.committed.take(reservation.Sender)
	c := r.commands.Get().(*command)
	defer r.commands.Put(c)
	c.reserve(r.digests, reservation, committed)
	reply, err := reserveScript.Run(ctx, r.client, r.keys(reservation.Sender), c.args...).Int64Slice()
	if err == nil && len(reply) != 4 {
		err = errReply
	}
	if err != nil {
		r.committed.add(reservation.Sender, committed...)
		return quota.Count{}, r.fail(err)
	}
	count := quota.Count{At: time.UnixMicro(reply[0]), Exceeded: int(reply[1]), Used: int(reply[2])}
	if count.Exceeded == tooManyOpen {
		return quota.Count{}, quota.ErrTooManyOpen
	}
	if count.Exceeded >= 0 {
		count.RetryAt = time.UnixMicro(reply[3])
	}
	return count, nil
}

// Settle implements quota.Counter. A commit costs no command: Redis learns of it with
// the sender's next one. After an error the reservation may be released or not; trying
// again does no harm.
func (r *Redis) Settle(ctx context.Context, t quota.Ticket, commit bool) error {
	if commit {
		r.committed.add(t.Sender, t.ID)
		return nil
	}
	if r.committed.has(t) {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, r.timeout)
	defer cancel()
	return r.fail(releaseScript.Run(ctx, r.client, r.keys(t.Sender), t.ID).Err())
}

// ping returns an error unless Redis answers: in a Cluster, every present master.
func (r *Redis) ping(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, r.timeout)
	defer cancel()
	return r.fail(r.forEachMaster(ctx, func(ctx context.Context, master redis.UniversalClient) error { return master.Ping(ctx).Err() }))
}

// Close ends the connections.
func (r *Redis) Close() error { return r.fail(r.client.Close()) }

// keys are the sender's keys, in the order of common.lua.
func (r *Redis) keys(sender string) []string {
	prefix := "rcptquota:{" + r.digests.sender(sender) + "}:"
	return []string{prefix + "reached", prefix + "messages", prefix + "state"}
}

var errReply = errors.New("the script's reply is not as expected")

func (r *Redis) fail(err error) error {
	if err != nil {
		return fmt.Errorf("redis: %w", err)
	}
	return nil
}
