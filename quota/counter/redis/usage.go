package redis

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/rcptquota/rcptquota/quota"
)

// Usage returns how many recipients each of the windows of a sender holds now, by this
// machine's clock. Asking counts nothing. The commands only read; see common.lua for what
// the keys hold.
func (r *Store) Usage(ctx context.Context, sender string, windows []quota.Window) ([]int, error) {
	ctx, cancel := context.WithTimeout(ctx, r.timeout)
	defer cancel()
	keys := r.Keys(sender)
	now := time.Now().UnixMicro()
	distinct := make([]*redis.IntCmd, len(windows))
	copies := make([]*redis.StringSliceCmd, len(windows))
	_, err := r.client.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i, w := range windows {
			since := "(" + strconv.FormatInt(now-w.Per.Microseconds(), 10)
			if w.Count == quota.Distinct {
				distinct[i] = p.ZCount(ctx, keys[0], since, "+inf")
			} else {
				copies[i] = p.ZRangeByScore(ctx, keys[1], &redis.ZRangeBy{Min: since, Max: "+inf"})
			}
		}
		return nil
	})
	if err != nil {
		return nil, r.fail(err)
	}
	used := make([]int, len(windows))
	for i := range windows {
		if distinct[i] != nil {
			used[i] = int(distinct[i].Val())
			continue
		}
		for _, message := range copies[i].Val() {
			n, _, _ := strings.Cut(message, ":")
			recipients, err := strconv.Atoi(n)
			if err != nil {
				return nil, r.fail(errReply)
			}
			used[i] += recipients
		}
	}
	return used, nil
}
