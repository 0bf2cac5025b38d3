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
	digests *digester
	turns   turns // only the goroutine whose turn it is uses a sender's tally
	seed    maphash.Seed
	shards  [shards]shard
	sets    sync.Pool // of set

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

// openLocalWith is OpenLocal with the digester of another store; nil: the one of the
// key in the folder.
func openLocalWith(stateDir string, digests *digester) (*Local, error) {
	s, err := openState(stateDir, digests)
	if err != nil {
		return nil, err
	}
	l := newLocal(s)
	now := time.Now().UnixMicro()
	err = s.load(func(sender string, t *tally) {
		t.moveBack(now)
		if !t.empty(now) {
			l.shard(sender).tallies[sender] = t
		} else {
			l.shard(sender).dirty[sender] = struct{}{} // to be deleted
		}
	})
	if err != nil {
		return nil, s.fail(err)
	}
	l.saver.Go(l.saveRegularly)
	return l, nil
}

func (l *Local) shard(sender string) *shard {
	return &l.shards[maphash.String(l.seed, sender)%shards]
}

// Reserve implements quota.Counter. While nothing can be saved, its answers are
// degraded. The error wraps [quota.ErrTooManyOpen].
func (l *Local) Reserve(ctx context.Context, r *quota.Reservation) (quota.Count, error) {
	return l.reserve(ctx, r, false)
}

// reserve is Reserve. With alone, it notes that Redis does not know of the message.
func (l *Local) reserve(ctx context.Context, r *quota.Reservation, alone bool) (quota.Count, error) {
	recipients := l.sets.Get().(set)
	defer func() { clear(recipients); l.sets.Put(recipients) }()
	if r.Keep.With(r.Windows).Distinct > 0 {
		for d := range l.digests.all(r.Recipients) {
			recipients[d] = struct{}{}
		}
	}
	var d decision
	if err := l.with(ctx, r.Sender, func(t *tally) {
		d = t.reserve(time.Now().UnixMicro(), r, recipients)
		if alone && d.exceeded == -1 {
			t.Alone = max(t.Alone, d.at)
		}
	}); err != nil {
		return quota.Count{}, err
	}
	if d.exceeded == tooManyOpen {
		return quota.Count{}, quota.ErrTooManyOpen
	}
	c := quota.Count{At: time.UnixMicro(d.at), Exceeded: d.exceeded, Used: d.used}
	if d.exceeded >= 0 {
		c.RetryAt = time.UnixMicro(d.retryAt)
	}
	if err := l.saveError.Load(); err != nil {
		c.Degraded = *err
	}
	return c, nil
}

// with calls work, which may change it, with the tally of a sender, made if there is none.
// The error wraps [quota.ErrTooManyOpen]: it was not our turn before ctx ended.
func (l *Local) with(ctx context.Context, sender string, work func(*tally)) error {
	done, err := l.turns.wait(ctx, sender)
	if err != nil {
		return err
	}
	defer done()
	work(l.shard(sender).change(sender))
	return nil
}

// change returns the tally of a sender, which is about to change.
func (s *shard) change(sender string) *tally {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.tallies[sender]
	if t == nil {
		t = &tally{}
		s.tallies[sender] = t
	}
	s.dirty[sender] = struct{}{}
	return t
}

// Settle implements quota.Counter.
func (l *Local) Settle(ctx context.Context, ticket quota.Ticket, commit bool) error {
	if !l.knows(ticket.Sender) {
		return nil
	}
	return l.with(ctx, ticket.Sender, func(t *tally) { t.settle(ticket.ID, commit) })
}

// knows reports whether there is a tally of a sender.
func (l *Local) knows(sender string) bool {
	return l.shard(sender).tally(sender) != nil
}

// countedAlone reports whether a window may still hold a message of the sender that was
// counted here alone.
func (l *Local) countedAlone(ctx context.Context, sender string) (alone bool) {
	if !l.knows(sender) {
		return false
	}
	err := l.with(ctx, sender, func(t *tally) {
		now := time.Now().UnixMicro()
		t.moveBack(now)
		alone = t.Alone > 0 && now-t.Alone <= t.Keep
	})
	return alone || err != nil
}

// Close saves what was counted and closes the store.
func (l *Local) Close() error {
	close(l.stop)
	l.saver.Wait()
	return l.state.fail(l.save())
}
