package alert

import (
	"bytes"
	"context"
	"crypto/hmac"
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

// Redis has the claims and the journal of all relays. It needs the rights to SET and to
// use sorted sets, below "rcptquota:".
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
// key as a digest only: it may name a sender. The error means that nobody knows.
func (r *Redis) Claim(ctx context.Context, key string, once time.Duration) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, redisTimeout)
	defer cancel()
	digest := hmac.New(sha256.New, r.key)
	digest.Write([]byte(key))
	claim := claimPrefix + hex.EncodeToString(digest.Sum(nil)[:16])
	_, err := r.client.SetArgs(ctx, claim, "1", redis.SetArgs{Mode: "NX", TTL: once}).Result()
	switch {
	case err == redis.Nil: //nolint:errorlint // go-redis returns it as it is
		return false, nil
	case err != nil:
		return false, fmt.Errorf("redis: %w", err)
	}
	return true, nil
}

// Add remembers an alert for the digest.
func (r *Redis) Add(ctx context.Context, a *Alert) error {
	text, err := json.Marshal(a)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, redisTimeout)
	defer cancel()
	_, err = r.client.Pipelined(ctx, func(p redis.Pipeliner) error {
		p.ZAdd(ctx, journalKey, redis.Z{Score: score(a.Time), Member: text})
		p.ZRemRangeByScore(ctx, journalKey, "-inf", strconv.FormatFloat(score(a.Time.Add(-keepJournal)), 'f', 3, 64))
		p.ZRemRangeByRank(ctx, journalKey, 0, -maxJournal-1)
		p.PExpire(ctx, journalKey, keepJournal)
		return nil
	})
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
		Min: strconv.FormatFloat(score(from), 'f', 3, 64), Max: "(" + strconv.FormatFloat(score(until), 'f', 3, 64),
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
func score(t time.Time) float64 { return float64(t.UnixMilli()) / 1000 }

// Close ends the connections.
func (r *Redis) Close() error { return r.client.Close() }
