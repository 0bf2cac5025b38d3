package local

import (
	"context"
	"time"

	"github.com/rcptquota/rcptquota/quota"
)

// Usage returns how many recipients each of the windows of a sender holds now. Asking
// counts nothing.
func (l *Store) Usage(ctx context.Context, sender string, windows []quota.Window) ([]int, error) {
	done, err := l.turns.Wait(ctx, sender)
	if err != nil {
		return nil, err
	}
	defer done()
	used := make([]int, len(windows))
	s := l.shard(sender)
	s.mu.Lock()
	t := s.tallies[sender]
	s.mu.Unlock()
	if t == nil {
		return used, nil
	}
	now := max(time.Now().UnixMicro(), t.Last)
	for i, w := range windows {
		used[i], _ = t.usage(now, &w, nil, 0)
	}
	return used, nil
}
