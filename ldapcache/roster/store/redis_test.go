//go:build servers

package store

import (
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/rcptquota/rcptquota/test/servers"
)

// start starts a Redis, and opens a store in it.
func start(t *testing.T) (*Redis, *servers.Redis) {
	t.Helper()
	server := servers.StartRedis(t)
	client := redis.NewClient(&redis.Options{Addr: server.Address()})
	t.Cleanup(func() {
		if err := client.Close(); err != nil {
			t.Error(err)
		}
	})
	return NewRedis(client), server
}

// TestTheClockOfRedis is that of this machine here.
func TestTheClockOfRedis(t *testing.T) {
	store, _ := start(t)
	before := time.Now().Truncate(time.Millisecond)
	for _, text := range []string{"", "x"} {
		if text != "" {
			if _, err := store.Swap(t.Context(), nil, []byte(text)); err != nil {
				t.Fatal(err)
			}
		}
		if got, clock, err := store.Load(t.Context()); string(got) != text || clock.Before(before) || clock.After(time.Now()) || err != nil {
			t.Errorf("%q at %v, %v", got, clock, err)
		}
	}
}

func TestRedisAway(t *testing.T) {
	store, server := start(t)
	server.Stop()
	if text, _, err := store.Load(t.Context()); err == nil || !strings.HasPrefix(err.Error(), "redis: ") {
		t.Errorf("loads %q, %v", text, err)
	}
	if swapped, err := store.Swap(t.Context(), nil, []byte("x")); swapped || err == nil {
		t.Errorf("swaps: %v, %v", swapped, err)
	}
}
