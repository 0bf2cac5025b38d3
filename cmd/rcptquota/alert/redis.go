package alert

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/rcptquota/rcptquota/quota/counter"
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
	client redis.UniversalClient
	key    []byte // of the digests
}

// openRedis prepares the claims in the Redis of a valid configuration, without asking it.
func openRedis(config counter.Config) (*Redis, error) {
	key, err := os.ReadFile(config.DigestKeyFile)
	if err != nil {
		return nil, fmt.Errorf("store.digest_key_file: %w", err)
	}
	client, err := config.Client()
	if err != nil {
		return nil, err
	}
	return &Redis{client: client, key: bytes.TrimSpace(key)}, nil
}

// Claim reports whether no relay has claimed the key within the time once. Redis has the
// key as a digest only: it may name a sender. Each call is a claim of its own. The error
// means that nobody knows.
func (r *Redis) Claim(ctx context.Context, key string, once time.Duration) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, redisTimeout)
	defer cancel()
	digest := hmac.New(sha256.New, r.key)
	digest.Write([]byte(key))
	claim := claimPrefix + hex.EncodeToString(digest.Sum(nil)[:16])
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

// Between returns the alerts from one time until before another, in their order.
func (r *Redis) Between(ctx context.Context, from, until time.Time) ([]Alert, error) {
	ctx, cancel := context.WithTimeout(ctx, redisTimeout)
	defer cancel()
	texts, err := r.client.ZRangeByScore(ctx, journalKey, &redis.ZRangeBy{
		Min: score(from), Max: "(" + score(until),
	}).Result()
	if err != nil {
		return nil, fmt.Errorf("redis: %w", err)
	}
	alerts := make([]Alert, len(texts))
	for i, text := range texts {
		if err := json.Unmarshal([]byte(text), &alerts[i]); err != nil {
			return nil, fmt.Errorf("redis: %s: %w", journalKey, err)
		}
	}
	return alerts, nil
}

// score is a time in seconds since 1970, to the millisecond.
func score(t time.Time) string {
	return strconv.FormatFloat(float64(t.UnixMilli())/1000, 'f', 3, 64)
}

// Close ends the connections.
func (r *Redis) Close() error { return r.client.Close() }
