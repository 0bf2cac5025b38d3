package store

import (
	"context"
	_ "embed" // the script
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"
)

// redisKey holds the roster.
const redisKey = "rcptquota:roster"

// redisTimeout is for one access, which no message waits for.
const redisTimeout = 5 * time.Second

var (
	//go:embed load.lua
	loadLua string
	//go:embed swap.lua
	swapLua string
)

var (
	loadScript = redis.NewScript(loadLua)
	swapScript = redis.NewScript(swapLua)
)

// Redis is a store in Redis, for all relays.
type Redis struct{ client redis.UniversalClient }

// NewRedis returns the store behind a client, which stays the caller's.
func NewRedis(client redis.UniversalClient) *Redis { return &Redis{client} }

// Load implements roster.Store. The clock is that of the server which holds the roster.
func (s *Redis) Load(ctx context.Context) ([]byte, time.Time, error) {
	ctx, cancel := context.WithTimeout(ctx, redisTimeout)
	defer cancel()
	reply, err := loadScript.Run(ctx, s.client, []string{redisKey}).Slice()
	if err != nil {
		return nil, time.Time{}, fmt.Errorf("redis: %w", err)
	}
	milliseconds, _ := reply[0].(int64)
	clock := time.UnixMilli(milliseconds)
	if len(reply) == 1 {
		return nil, clock, nil
	}
	text, _ := reply[1].(string)
	return []byte(text), clock, nil
}

// Swap implements roster.Store.
func (s *Redis) Swap(ctx context.Context, old, next []byte) (bool, error) {
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
