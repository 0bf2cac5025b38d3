//go:build servers

package redis

import (
	"testing"
	"time"

	"github.com/rcptquota/rcptquota/quota/counter/countertest"
	"github.com/rcptquota/rcptquota/quota/counter/digest"
	"github.com/rcptquota/rcptquota/quota/counter/endpoint"
	"github.com/rcptquota/rcptquota/test/servers"
)

// deadline is short enough for a server that does not answer.
const deadline = 250 * time.Millisecond

// digests are those of all relays.
var digests = digest.New([]byte(countertest.Key))

func openRedis(t testing.TB, config endpoint.Config) *Store {
	t.Helper()
	return openWith(t, config, digests)
}

func openWith(t testing.TB, config endpoint.Config, digests *digest.Digester) *Store {
	t.Helper()
	r, err := Open(config, digests)
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

func TestAgainstModel(t *testing.T) {
	r := openRedis(t, countertest.RedisConfig(t, servers.StartRedis(t).Address()))
	countertest.Compare(t, r, 30*time.Millisecond, min(*countertest.Steps, 5000), pause)
}

func TestClusterAgainstModel(t *testing.T) {
	var addresses []string
	for _, node := range servers.StartRedisCluster(t) {
		addresses = append(addresses, node.Address())
	}
	countertest.Compare(t, openRedis(t, countertest.RedisConfig(t, addresses...)), 30*time.Millisecond, min(*countertest.Steps, 2000), pause)
}

// pause waits in real time.
func pause(d time.Duration) { <-time.After(d) }

func TestAsks(t *testing.T) {
	countertest.Asks(t, openRedis(t, countertest.RedisConfig(t, servers.StartRedis(t).Address())))
	countertest.Asks(t, openRedis(t, countertest.RedisConfig(t, servers.StartRedisCluster(t)[1].Address())))
}

func TestResets(t *testing.T) {
	countertest.Resets(t, openRedis(t, countertest.RedisConfig(t, servers.StartRedis(t).Address())))
	countertest.Resets(t, openRedis(t, countertest.RedisConfig(t, servers.StartRedisCluster(t)[1].Address())))
}
