package roster

import (
	"context"
	_ "embed" // the script
	"errors"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"
)

// redisKey holds the roster.
const redisKey = "rcptquota:roster"

// redisTimeout is for one access, which no message waits for.
const redisTimeout = 5 * time.Second

//go:embed swap.lua
var swapLua string

var swapScript = redis.NewScript(swapLua)

// RedisStore is a store in Redis, for all relays.
type RedisStore struct{ client redis.UniversalClient }

// NewRedisStore returns the store behind a client, which stays the caller's.
func NewRedisStore(client redis.UniversalClient) *RedisStore { return &RedisStore{client} }

// Load implements [Store].
func (s *RedisStore) Load(ctx context.Context) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, redisTimeout)
	defer cancel()
	text, err := s.client.Get(ctx, redisKey).Bytes()
	switch {
	case errors.Is(err, redis.Nil):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("redis: %w", err)
	}
	return text, nil
}

// Swap implements [Store].
func (s *RedisStore) Swap(ctx context.Context, old, next []byte) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, redisTimeout)
	defer cancel()
	there := 0
	if old != nil {
		there = 1
	}
	swapped, err := swapScript.Run(ctx, s.client, []string{redisKey}, there, old, next).Int()
	if err != nil {
		return false, fmt.Errorf("redis: %w", err)
	}
	return swapped == 1, nil
}
