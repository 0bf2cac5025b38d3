//go:build servers

package counter

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/rcptquota/rcptquota/quota/conf"
	"github.com/rcptquota/rcptquota/test/servers"
)

// redisConfig is the configuration of a store on the servers; its deadline is one
// that a busy machine keeps.
func redisConfig(t testing.TB, addresses ...string) Config {
	t.Helper()
	key := filepath.Join(t.TempDir(), "digest.key")
	if err := os.WriteFile(key, []byte("0123456789abcdef0123456789abcdef\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	config := DefaultConfig()
	config.Kind = kindRedis
	config.Addresses = addresses
	config.DigestKeyFile = key
	config.Timeout = conf.Duration{Duration: 5 * time.Second}
	if err := config.Validate(); err != nil {
		t.Fatal(err)
	}
	return config
}

func openRedis(t testing.TB, config Config) *Redis {
	t.Helper()
	r, err := OpenRedis(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
	return r
}

// direct is a client to look behind the store's back.
func direct(t testing.TB, s *servers.Redis) *redis.Client {
	t.Helper()
	client := redis.NewClient(&redis.Options{Addr: s.Socket()})
	t.Cleanup(func() { _ = client.Close() })
	return client
}

// pause waits in real time.
func pause(d time.Duration) { <-time.After(d) }

func TestRedisAgainstModel(t *testing.T) {
	r := openRedis(t, redisConfig(t, servers.StartRedis(t).Address()))
	compare(t, r, 30*time.Millisecond, min(*steps, 5000), pause)
}

func TestRedisClusterAgainstModel(t *testing.T) {
	var addresses []string
	for _, node := range servers.StartRedisCluster(t) {
		addresses = append(addresses, node.Address())
	}
	compare(t, openRedis(t, redisConfig(t, addresses...)), 30*time.Millisecond, min(*steps, 2000), pause)
}
