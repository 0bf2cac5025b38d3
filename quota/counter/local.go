package counter

import (
	"context"
	"hash/maphash"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rcptquota/rcptquota/quota"
)

// shards is how many locks the senders are spread over.
const shards = 64

// Local counts in this process, exactly, for any number of goroutines, and
// saves what it counted to state_dir behind their backs. Make it with
// [OpenLocal].
type Local struct {
	digests  *digester
	seed     maphash.Seed
	shards   [shards]shard
	releases releases  // what waits for Redis, saved with the rest
	sets     sync.Pool // of set

	state     *state
	saveError atomic.Pointer[error] // of the last attempt to save; nil: it went well
	stop      chan struct{}
	saver     sync.WaitGroup
}

type shard struct {
	mu      sync.Mutex
	tallies map[string]*tally   // by sender
	dirty   map[string]struct{} // senders whose tally changed since it was saved
}

func newLocal(s *state) *Local {
	l := &Local{digests: s.digests, seed: maphash.MakeSeed(), state: s, stop: make(chan struct{})}
	l.sets.New = func() any { return set{} }
	for i := range l.shards {
		l.shards[i].tallies = map[string]*tally{}
		l.shards[i].dirty = map[string]struct{}{}
	}
	return l
}

// OpenLocal opens the store in the folder stateDir, makes it if there is none,
// and goes on with what it holds. The error names the file.
func OpenLocal(stateDir string) (*Local, error) {
	return openLocalWith(stateDir, nil)
}

// openLocalWith is OpenLocal with the digests of another store; nil: those of
// digest.key in the folder.
func openLocalWith(stateDir string, digests *digester) (*Local, error) {
	s, err := openState(stateDir, digests)
	if err != nil {
		return nil, err
	}
	l := newLocal(s)
	now := time.Now().UnixMicro()
	err = s.load(func(sender string, t *tally) {
		if !t.empty(now) {
			l.shard(sender).tallies[sender] = t
		} else {
			l.shard(sender).dirty[sender] = struct{}{} // to be deleted
		}
	}, l.releases.put)
	if err != nil {
		return nil, s.fail(err)
	}
	l.saver.Go(l.saveRegularly)
	return l, nil
}

func (l *Local) shard(sender string) *shard {
	return &l.shards[maphash.String(l.seed, sender)%shards]
}

// Reserve implements quota.Counter. It never fails; while nothing can be saved,
// its answers are degraded.
func (l *Local) Reserve(_ context.Context, r *quota.Reservation) (quota.Count, error) {
	recipients := l.sets.Get().(set)
	defer func() { clear(recipients); l.sets.Put(recipients) }()
	for d := range l.digests.all(r.Recipients) {
		recipients[d] = struct{}{}
	}
	d := l.reserve(r, recipients)
	c := quota.Count{At: time.UnixMicro(d.at), Exceeded: d.exceeded, Used: d.used}
	if d.exceeded >= 0 {
		c.RetryAt = time.UnixMicro(d.retryAt)
	}
	if err := l.saveError.Load(); err != nil {
		c.Degraded = *err
	}
	return c, nil
}

func (l *Local) reserve(r *quota.Reservation, recipients set) decision {
	s := l.shard(r.Sender)
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.tallies[r.Sender]
	if t == nil {
		t = &tally{}
		s.tallies[r.Sender] = t
	}
	s.dirty[r.Sender] = struct{}{}
	return t.reserve(time.Now().UnixMicro(), r.ID, r.Windows, recipients, r.N)
}

// Settle implements quota.Counter. It never fails.
func (l *Local) Settle(_ context.Context, ticket quota.Ticket, stood bool) error {
	s := l.shard(ticket.Sender)
	s.mu.Lock()
	defer s.mu.Unlock()
	if t := s.tallies[ticket.Sender]; t != nil {
		t.settle(ticket.ID, stood)
		s.dirty[ticket.Sender] = struct{}{}
	}
	return nil
}

// Close saves what was counted and closes the store.
func (l *Local) Close() error {
	close(l.stop)
	l.saver.Wait()
	return l.state.fail(l.save())
}
