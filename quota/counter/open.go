package counter

import (
	"context"
	"io"
	"iter"
	"time"

	"github.com/rcptquota/rcptquota/quota"
	"github.com/rcptquota/rcptquota/quota/conf"
	"github.com/rcptquota/rcptquota/quota/counter/digest"
	"github.com/rcptquota/rcptquota/quota/counter/local"
	"github.com/rcptquota/rcptquota/quota/counter/redis"
	"github.com/rcptquota/rcptquota/quota/counter/usage"
)

// Counter is a store that is open. Whoever uses it has a small interface of its own, with
// what it needs of these.
//
// A sender has in all of them the name that [quota.Ticket] has for it: the directory's,
// or the login in lower case.
type Counter interface { //nolint:interfacebloat // see above
	quota.Counter
	// Try answers as Reserve would now, and counts nothing.
	Try(ctx context.Context, r *quota.Reservation) (quota.Count, error)
	// Usage tells how much of the windows a sender has used, and counts nothing. Without
	// windows, they are those of the sender's last message, where they are known. The
	// period of each is divided into so many parts, at most [usage.MostParts], for
	// [usage.Window.Frees]; with 0 these are left out, and the answer costs less than a
	// message. An error means that nothing is known now.
	Usage(ctx context.Context, sender string, windows []quota.Window, parts int) (usage.Sender, error)
	// Senders yields the senders of whom something may be counted, in small steps and in
	// no order, some perhaps twice. An error means that there are more.
	Senders(ctx context.Context) iter.Seq2[string, error]
	// Reset forgets all that is counted of a sender: for all relays in Redis, and what
	// this relay counted by itself. Messages under way are not counted any more either;
	// settling them later is no error. After an error it may be forgotten in part.
	Reset(ctx context.Context, sender string) error
	io.Closer
}

// None is the store where no class has windows: nothing is counted.
type None struct{}

// Reserve implements [quota.Counter].
func (None) Reserve(context.Context, *quota.Reservation) (quota.Count, error) {
	return quota.Count{At: time.Now(), Exceeded: -1}, nil
}

// Settle implements [quota.Counter].
func (None) Settle(context.Context, quota.Ticket, bool) error { return nil }

// Try implements [Counter].
func (n None) Try(ctx context.Context, r *quota.Reservation) (quota.Count, error) {
	return n.Reserve(ctx, r)
}

// Usage implements [Counter].
func (None) Usage(context.Context, string, []quota.Window, int) (usage.Sender, error) {
	return usage.Sender{At: time.Now()}, nil
}

// Senders implements [Counter].
func (None) Senders(context.Context) iter.Seq2[string, error] {
	return func(func(string, error) bool) {}
}

// Reset implements [Counter].
func (None) Reset(context.Context, string) error { return nil }

// Close implements [io.Closer].
func (None) Close() error { return nil }

// Open opens the store that a valid configuration describes. stateDir is the
// folder for what is counted in this process. A Redis that does not answer is no
// error; one is about a file.
func Open(config Config, stateDir string) (Counter, error) {
	if config.Kind == kindEmbedded {
		own, err := local.Open(stateDir)
		if err != nil {
			return nil, err
		}
		return own, nil
	}
	digests, err := config.digests()
	if err != nil {
		return nil, err
	}
	shared, err := redis.Open(config.Config, digests)
	if err != nil {
		return nil, err
	}
	var own *local.Store
	if config.Unavailable == unavailableLocal {
		if own, err = local.OpenWith(stateDir, digests); err != nil {
			_ = shared.Close()
			return nil, err
		}
	}
	return newFallback(shared, own, config.Unavailable), nil
}

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
