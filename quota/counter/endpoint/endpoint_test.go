//go:build servers

package endpoint_test

import (
	"errors"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/rcptquota/rcptquota/quota/counter/countertest"
	"github.com/rcptquota/rcptquota/test/servers"
)

// The roster has one key, which is on another node more often than not.
func TestClientOfAClusterBehindOneAddress(t *testing.T) {
	for i, node := range servers.StartRedisCluster(t) {
		config := countertest.RedisConfig(t, node.Address())
		client, err := config.Client()
		if err != nil {
			t.Fatal(err)
		}
		if err := client.Set(t.Context(), "rcptquota:roster", i, 0).Err(); err != nil {
			t.Error(err)
		}
		if got, err := client.Get(t.Context(), "rcptquota:roster").Int(); got != i || err != nil {
			t.Errorf("%d, %v; want %d", got, err, i)
		}
		if err := client.Close(); err != nil {
			t.Error(err)
		}
		if err := client.Get(t.Context(), "rcptquota:roster").Err(); !errors.Is(err, redis.ErrClosed) {
			t.Errorf("closed: %v", err)
		}
	}
}
