//go:build servers

package store

import (
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/rcptquota/rcptquota/quota/conf"
	"github.com/rcptquota/rcptquota/quota/counter"
	"github.com/rcptquota/rcptquota/quota/history"
	"github.com/rcptquota/rcptquota/test/servers"
)

// redisOpener opens the store as the program does.
func redisOpener(addresses ...string) opener {
	return func(t *testing.T, config history.Config) Store {
		t.Helper()
		c := counter.DefaultConfig()
		c.Kind, c.Addresses, c.Timeout = "redis", addresses, conf.Duration{Duration: 5 * time.Second}
		client, err := c.Client()
		if err != nil {
			t.Fatal(err)
		}
		s := OpenRedis(client, config)
		t.Cleanup(func() { _ = s.Close() })
		return s
	}
}

func TestRedis(t *testing.T) {
	server := servers.StartRedis(t)
	testStore(t, func(t *testing.T) opener {
		t.Helper()
		flush(t, server)
		return redisOpener(server.Address())
	})
}

func TestRedisCluster(t *testing.T) {
	nodes := servers.StartRedisCluster(t)
	var addresses []string
	for _, node := range nodes {
		addresses = append(addresses, node.Address())
	}
	testStore(t, func(t *testing.T) opener {
		t.Helper()
		for _, node := range nodes {
			flush(t, node)
		}
		return redisOpener(addresses...)
	})
	// A single address, of a node that may not have the keys.
	for _, node := range nodes[:3] {
		flushAll(t, nodes)
		contract{t, redisOpener(node.Address())}.records()
		contract{t, redisOpener(node.Address())}.grants()
	}
}

func flushAll(t *testing.T, nodes []*servers.Redis) {
	t.Helper()
	for _, node := range nodes {
		flush(t, node)
	}
}

func direct(t *testing.T, server *servers.Redis) *redis.Client {
	t.Helper()
	client := redis.NewClient(&redis.Options{Addr: server.Socket()})
	t.Cleanup(func() { _ = client.Close() })
	return client
}

func flush(t *testing.T, server *servers.Redis) {
	t.Helper()
	if err := direct(t, server).FlushAll(t.Context()).Err(); err != nil && !strings.HasPrefix(err.Error(), "READONLY") {
		t.Fatal(err)
	}
}

// TestRedisThatLostItsData: grants of before are not taken for those of now.
func TestRedisThatLostItsData(t *testing.T) {
	server := servers.StartRedis(t)
	one, other := redisOpener(server.Address())(t, many), redisOpener(server.Address())(t, many)
	if err := one.Change(t.Context(), nil, grant("anne", 1)); err != nil {
		t.Fatal(err)
	}
	wantGrants(t, one, grant("anne", 1))
	wantGrants(t, other, grant("anne", 1))
	flush(t, server)
	wantGrants(t, one)
	if err := one.Change(t.Context(), nil, grant("zoe", 1)); err != nil {
		t.Fatal(err)
	}
	wantGrants(t, other, grant("zoe", 1))
}

// TestTwoRelays: records of both are found by both, and a batch of one does not make the
// other's be taken for stored.
func TestTwoRelays(t *testing.T) {
	server := servers.StartRedis(t)
	one, other := redisOpener(server.Address())(t, many), redisOpener(server.Address())(t, many)
	second := full
	second.Relay = "mx2"
	appendAll(t, one, full)
	appendAll(t, other, second)
	appendAll(t, one, full)
	wantFound(t, one, "4Fxy", second, full)
	wantFound(t, other, "4Fxy", second, full)
}

// TestPermissions: these are what an ACL user needs.
func TestPermissions(t *testing.T) {
	server := servers.StartRedis(t)
	client := direct(t, server)
	acl := "on >secret ~rcptquota:* +@connection +@hash +@sortedset +evalsha +eval +time +pexpire +pttl +get +set +@stream"
	rules := append([]any{"ACL", "SETUSER", "relay"}, toAny(strings.Fields(acl))...)
	if err := client.Do(t.Context(), rules...).Err(); err != nil {
		t.Fatal(err)
	}
	open := func(t *testing.T, config history.Config) Store {
		t.Helper()
		s := OpenRedis(redis.NewClient(&redis.Options{Addr: server.Address(), Username: "relay", Password: "secret"}), config)
		t.Cleanup(func() { _ = s.Close() })
		return s
	}
	testStore(t, func(t *testing.T) opener {
		t.Helper()
		flush(t, server)
		return open
	})
}

func toAny(words []string) (all []any) {
	for _, w := range words {
		all = append(all, w)
	}
	return all
}
