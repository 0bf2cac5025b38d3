package counter

import (
	"io"

	"github.com/rcptquota/rcptquota/quota"
)

// Counter is a store that is open.
type Counter interface {
	quota.Counter
	io.Closer
}

// Open opens the store that a valid configuration describes. stateDir is the
// folder for what is counted in this process. A Redis that does not answer is no
// error; one is about a file.
func Open(config Config, stateDir string) (Counter, error) {
	if config.Kind == kindEmbedded {
		local, err := OpenLocal(stateDir)
		if err != nil {
			return nil, err
		}
		return local, nil
	}
	redis, err := OpenRedis(config)
	if err != nil {
		return nil, err
	}
	var local *Local
	if config.Unavailable == unavailableLocal {
		if local, err = openLocalWith(stateDir, redis.digests); err != nil {
			_ = redis.Close()
			return nil, err
		}
	}
	return newFallback(redis, local, config.Unavailable), nil
}
