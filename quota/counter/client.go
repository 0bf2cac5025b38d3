package counter

import "github.com/redis/go-redis/v9"

// IsRedis reports whether the store is Redis.
func (c *Config) IsRedis() bool { return c.Kind == kindRedis }

// Client makes a client of the Redis that a valid configuration describes, without
// asking any server. Behind a single address there may be one server or a Cluster; the
// client finds out which. The caller closes it. The error is about a file that the
// configuration names.
func (c *Config) Client() (redis.UniversalClient, error) {
	options, err := c.options()
	if err != nil {
		return nil, err
	}
	if c.MasterName == "" && len(c.Addresses) == 1 {
		return newEndpoint(options), nil
	}
	return redis.NewUniversalClient(options), nil
}

// KeepsState reports whether anything is counted in this process, and saved in
// state_dir: always, or while Redis is away.
func (c *Config) KeepsState() bool { return !c.IsRedis() || c.Unavailable == unavailableLocal }
