package redis

import (
	"context"
	_ "embed" // the scripts
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/rcptquota/rcptquota/quota"
	"github.com/rcptquota/rcptquota/quota/counter/digest"
	"github.com/rcptquota/rcptquota/quota/counter/endpoint"
	"github.com/rcptquota/rcptquota/quota/counter/underway"
)

// The scripts run in Redis, each in one atomic step. Their headers document
// KEYS and ARGV; common.lua says what Redis holds of a sender.
var (
	//go:embed common.lua
	commonLua string
	//go:embed reserve.lua
	reserveLua string
	//go:embed release.lua
	releaseLua string
	//go:embed usage.lua
	usageLua string
	//go:embed reset.lua
	resetLua string

	reserveScript = redis.NewScript(constantsLua + "local TRY = false\n" + commonLua + reserveLua)
	tryScript     = redis.NewScript(constantsLua + "local TRY = true\n" + commonLua + reserveLua)
	releaseScript = redis.NewScript(constantsLua + commonLua + releaseLua)
	usageScript   = redis.NewScript(constantsLua + commonLua + usageLua)
	resetScript   = redis.NewScript(resetLua)
)

// constantsLua are the bounds of open reservations, in microseconds, for the scripts.
var constantsLua = fmt.Sprintf("local LIFE, CROWD, CROWDED, TOLERANCE, MESSAGES_MOST = %d, %d, %d, %d, %d\n",
	underway.Life.Microseconds(), underway.Most, underway.CrowdedLife.Microseconds(), underway.ClockTolerance.Microseconds(), underway.MaxMessages)

// tooManyOpen is what reserve.lua replies in place of a window's index.
const tooManyOpen = -2

// Store counts in a Redis server or Cluster, exactly, for all relays together,
// on Redis's own clock: one command a message. It knows recipients as keyed digests
// only. Redis 6.2 or later is needed.
type Store struct {
	client    redis.UniversalClient
	addresses string // as configured
	digests   *digest.Digester
	timeout   time.Duration
	committed committed
	commands  sync.Pool // of *command
}

// Open prepares the store without asking any server. The error is about a file that
// the configuration names.
func Open(config endpoint.Config, digests *digest.Digester) (*Store, error) {
	client, err := config.Client()
	if err != nil {
		return nil, err
	}
	r := &Store{
		client:    client,
		addresses: strings.Join(config.Addresses, " "),
		digests:   digests,
		timeout:   config.Timeout.Duration,
	}
	r.commands.New = func() any { return &command{} }
	return r, nil
}

// Client is the connection to Redis, which the store closes.
func (r *Store) Client() redis.UniversalClient { return r.client }

// Reserve implements quota.Counter: one command, or two when Redis has
// forgotten its scripts. After an error other than [quota.ErrTooManyOpen] the message
// may be counted or not, until the reservation is released.
func (r *Store) Reserve(ctx context.Context, reservation *quota.Reservation) (quota.Count, error) {
	committed := r.committed.take(reservation.Sender)
	count, err := r.decide(ctx, reserveScript, reservation, committed)
	if err != nil && !errors.Is(err, quota.ErrTooManyOpen) {
		r.committed.add(reservation.Sender, committed...)
	}
	return count, err
}

// Try answers as [Store.Reserve] would now, and counts nothing: one command, which
// changes nothing. Only where a clock was ahead does it move times back, as the next
// message would.
func (r *Store) Try(ctx context.Context, reservation *quota.Reservation) (quota.Count, error) {
	return r.decide(ctx, tryScript, reservation, r.committed.of(reservation.Sender))
}

// decide runs reserve.lua.
func (r *Store) decide(ctx context.Context, script *redis.Script, reservation *quota.Reservation, committed []string) (quota.Count, error) {
	ctx, cancel := context.WithTimeout(ctx, r.timeout)
	defer cancel()
	c := r.commands.Get().(*command)
	defer r.commands.Put(c)
	c.reserve(r.digests, reservation, committed)
	reply, err := script.Run(ctx, r.client, r.Keys(reservation.Sender), c.args...).Int64Slice()
	if err == nil && len(reply) != 4 {
		err = errReply
	}
	if err != nil {
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
func (r *Store) Settle(ctx context.Context, t quota.Ticket, commit bool) error {
	if commit {
		r.committed.add(t.Sender, t.ID)
		return nil
	}
	if r.committed.has(t) {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, r.timeout)
	defer cancel()
	return r.fail(releaseScript.Run(ctx, r.client, r.Keys(t.Sender), t.ID).Err())
}

// Ping returns an error unless Redis answers: in a Cluster, every present master.
func (r *Store) Ping(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, r.timeout)
	defer cancel()
	return r.fail(endpoint.ForEachMaster(ctx, r.client, func(ctx context.Context, master redis.UniversalClient) error { return master.Ping(ctx).Err() }))
}

// Close ends the connections.
func (r *Store) Close() error { return r.fail(r.client.Close()) }

// What the names of keys begin with, and the last part of that of the state.
const (
	keyPrefix   = "rcptquota:"
	stateSuffix = "state"
)

// senderField is the field of the state that names the sender.
const senderField = "sender"

// Keys are the sender's keys, in the order of common.lua.
func (r *Store) Keys(sender string) []string {
	prefix := keyPrefix + "{" + r.digests.Sender(sender) + "}:"
	return []string{prefix + "reached", prefix + "messages", prefix + stateSuffix}
}

var errReply = errors.New("the script's reply is not as expected")

func (r *Store) fail(err error) error {
	if err != nil {
		return fmt.Errorf("redis: %w", err)
	}
	return nil
}
