package counter

import (
	"context"

	"github.com/rcptquota/rcptquota/quota"
)

// Usage returns how many recipients each of the windows of a sender holds now, by the
// sender's [quota.Ticket] name. Asking counts nothing. A sender whom this relay counted
// alone has to fit both counts, so the greater is returned. The error means that nobody
// can tell now.
func (f *Fallback) Usage(ctx context.Context, sender string, windows []quota.Window) ([]int, error) {
	if why := f.Away(); why != nil {
		if f.local == nil {
			return nil, why
		}
		return f.local.Usage(ctx, sender, windows)
	}
	shared, err := f.redis.Usage(ctx, sender, windows)
	if err != nil || f.local == nil {
		return shared, err
	}
	here, err := f.local.Usage(ctx, sender, windows)
	for i := range here {
		shared[i] = max(shared[i], here[i])
	}
	return shared, err
}
