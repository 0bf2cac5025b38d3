package alert

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/rcptquota/rcptquota/quota/counter"
	"github.com/rcptquota/rcptquota/quota/counter/digest"
)

const (
	// claimPrefix begins the key of a claim, before a keyed digest.
	claimPrefix = "rcptquota:alert:"
	// journalKey holds the alerts of the last days, by their time.
	journalKey = "rcptquota:alerts"
	// redisTimeout bounds each access, for which no message waits.
	redisTimeout = 5 * time.Second
)

// claimScript claims a key for whoever ARGV[1] names, for so many milliseconds. The client
// sends it again where a reply is lost, so that one's own claim is a success, too.
var claimScript = redis.NewScript(`
if redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2]) then return 1 end
if redis.call('GET', KEYS[1]) == ARGV[1] then return 1 end
return 0`)

// addScript adds the alert ARGV[2] of the time ARGV[1], and drops the oldest.
var addScript = redis.NewScript(`
redis.call('ZADD', KEYS[1], ARGV[1], ARGV[2])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', ARGV[3])
redis.call('ZREMRANGEBYRANK', KEYS[1], 0, ARGV[4])
return redis.call('PEXPIRE', KEYS[1], ARGV[5])`)

// Redis has the claims and the journal of all relays. It needs the rights to SET, GET, run
// scripts, and use sorted sets, below "rcptquota:".
type Redis struct {
	client  redis.UniversalClient
	digests *digest.Digester
}

// openRedis prepares the claims in the Redis of a valid configuration, without asking it.
func openRedis(config counter.Config) (*Redis, error) {
	key, err := digest.ReadKey(config.DigestKeyFile)
	if err != nil {
		return nil, fmt.Errorf("store.digest_key_file: %w", err)
	}
	client, err := config.Client()
	if err != nil {
		return nil, err
	}
	return &Redis{client: client, digests: digest.New(key)}, nil
}

// Claim reports whether no relay has claimed the key within the time once. Redis has the
// key as a digest only: it may name a sender. Each call is a claim of its own. The error
// means that nobody knows.
func (r *Redis) Claim(ctx context.Context, key string, once time.Duration) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, redisTimeout)
	defer cancel()
	claim := claimPrefix + r.digests.Sender(key)
	mine, err := claimScript.Run(ctx, r.client, []string{claim}, rand.Text(), once.Milliseconds()).Bool()
	if err != nil {
		return false, fmt.Errorf("redis: %w", err)
	}
	return mine, nil
}

// Add remembers an alert for the digest.
func (r *Redis) Add(ctx context.Context, a *Alert) error {
	text, err := json.Marshal(a)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, redisTimeout)
	defer cancel()
	err = addScript.Run(ctx, r.client, []string{journalKey}, score(a.Time), text,
		score(a.Time.Add(-keepJournal)), -maxJournal-1, keepJournal.Milliseconds()).Err()
	if err != nil {
		return fmt.Errorf("redis: %w", err)
	}
	return nil
}

// Between returns the alerts from one time until before another, in their order. Those
// that can be read come with an error, too.
func (r *Redis) Between(ctx context.Context, from, until time.Time) ([]Alert, error) {
	ctx, cancel := context.WithTimeout(ctx, redisTimeout)
	defer cancel()
	texts, err := r.client.ZRangeByScore(ctx, journalKey, &redis.ZRangeBy{
		Min: score(from), Max: "(" + score(until),
	}).Result()
	if err != nil {
		return nil, fmt.Errorf("redis: %w", err)
	}
	alerts := make([]Alert, 0, len(texts))
	var failed error
	for _, text := range texts {
		var a Alert
		if err := json.Unmarshal([]byte(text), &a); err != nil {
			failed = fmt.Errorf("redis: %s: %w", journalKey, err) // perhaps of a later version
			continue
		}
		alerts = append(alerts, a)
	}
	return alerts, failed
}

// score is a time in seconds since 1970, to the millisecond.
func score(t time.Time) string {
	return strconv.FormatFloat(float64(t.UnixMilli())/1000, 'f', 3, 64)
}

// Close ends the connections.
func (r *Redis) Close() error { return r.client.Close() }
