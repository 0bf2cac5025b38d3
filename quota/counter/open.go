package counter

import (
	"context"
	"io"

	"github.com/rcptquota/rcptquota/quota"
	"github.com/rcptquota/rcptquota/quota/conf"
	"github.com/rcptquota/rcptquota/quota/counter/digest"
	"github.com/rcptquota/rcptquota/quota/counter/redis"
)

// Counter is a store that is open.
type Counter interface {
	quota.Counter
	io.Closer
}

// Open opens the store that a valid configuration describes, as [Opener.Open] does, with
// no other open.
func Open(config Config, stateDir string) (Counter, error) { return new(Opener).Open(config, stateDir) }

// digests reads the key of all relays.
func (c *Config) digests() (*digest.Digester, error) {
	key, err := digest.ReadKey(c.DigestKeyFile)
	if err != nil {
		return nil, conf.Errorf("store.digest_key_file", "%v", err)
	}
	return digest.New(key), nil
}

// Verify asks the Redis of a valid configuration, if it names one, whether messages can
// be counted there; see [redis.Verify].
func Verify(ctx context.Context, config Config) (lines []string, err error) {
	if !config.IsRedis() {
		return nil, nil
	}
	digests, err := config.digests()
	if err != nil {
		return nil, err
	}
	return redis.Verify(ctx, config.Config, digests)
}
