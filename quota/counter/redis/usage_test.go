//go:build servers

package redis

import (
	"testing"

	"github.com/rcptquota/rcptquota/quota/counter/countertest"
	"github.com/rcptquota/rcptquota/test/servers"
)

func TestUsage(t *testing.T) {
	countertest.Usage(t, openRedis(t, countertest.RedisConfig(t, servers.StartRedis(t).Address())))
}
