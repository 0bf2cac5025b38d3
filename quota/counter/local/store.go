package local

import (
	"context"
	"hash/maphash"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rcptquota/rcptquota/quota"
	"github.com/rcptquota/rcptquota/quota/counter/digest"
	"github.com/rcptquota/rcptquota/quota/counter/underway"
)

// shards is how many locks the senders are spread over.
const shards = 64

// Store counts in this process, exactly, for any number of goroutines, and
// saves what it counted to state_dir in the background. Make it with
// [Open].
type Store struct {
	digests *digest.Digester
	turns   underway.Turns // only the goroutine whose turn it is uses a sender's tally
	seed    maphash.Seed
	shards  [shards]shard
	sets    sync.Pool // of set

	state     *state
	saveError atomic.Pointer[error] // of the last attempt to save; nil: it went well
	stop      chan struct{}
	saver     sync.WaitGroup
	users     atomic.Int32
}

type shard struct {
	mu      sync.Mutex
	tallies map[string]*tally   // by sender
	dirty   map[string]struct{} // senders whose tally changed since it was saved
}

func newStore(s *state) *Store {
	l := &Store{digests: s.digests, seed: maphash.MakeSeed(), state: s, stop: make(chan struct{})}
	l.users.Store(1)
	l.sets.New = func() any { return set{} }
	for i := range l.shards {
		l.shards[i].tallies = map[string]*tally{}
		l.shards[i].dirty = map[string]struct{}{}
	}
	return l
}

// Open opens the store in the folder stateDir, makes it if there is none,
// and goes on with what it holds. The error names the file.
func Open(stateDir string) (*Store, error) {
	return OpenWith(stateDir, nil)
}

// OpenWith is [Open] with the digests of another store; nil: those of the key in the
// folder.
func OpenWith(stateDir string, digests *digest.Digester) (*Store, error) {
	s, err := openState(stateDir, digests)
	if err != nil {
		return nil, err
	}
	l := newStore(s)
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

func (l *Store) shard(sender string) *shard {
	return &l.shards[maphash.String(l.seed, sender)%shards]
}

// Reserve implements quota.Counter. While nothing can be saved, its answers are
// degraded. The error wraps [quota.ErrTooManyOpen].
func (l *Store) Reserve(ctx context.Context, r *quota.Reservation) (quota.Count, error) {
	return l.reserve(ctx, r, false)
}

// ReserveAlone is [Store.Reserve] of a message that Redis does not know of; see
// [Store.CountedAlone].
func (l *Store) ReserveAlone(ctx context.Context, r *quota.Reservation) (quota.Count, error) {
	return l.reserve(ctx, r, true)
}

func (l *Store) reserve(ctx context.Context, r *quota.Reservation, alone bool) (quota.Count, error) {
	return l.decide(ctx, r, l.with, func(t *tally, now int64, recipients set) decision {
		d := t.reserve(now, r, recipients)
		if d.exceeded != -1 {
			return d
		}
		t.windows = r.Windows
		if alone {
			t.Alone = max(t.Alone, d.at)
		}
		return d
	})
}

// Try answers as [Store.Reserve] would now, and counts nothing.
func (l *Store) Try(ctx context.Context, r *quota.Reservation) (quota.Count, error) {
	return l.decide(ctx, r, l.look, func(t *tally, now int64, recipients set) decision {
		return t.clone().reserve(now, r, recipients)
	})
}

// decide has how decide on a message, with the sender's tally as with hands it over.
func (l *Store) decide(
	ctx context.Context, r *quota.Reservation,
	with func(context.Context, string, func(*tally)) error,
	how func(t *tally, now int64, recipients set) decision,
) (quota.Count, error) {
	recipients := l.sets.Get().(set)
	defer func() {
		if len(recipients) <= keepSet {
			clear(recipients)
			l.sets.Put(recipients)
		}
	}()
	if r.Keep.With(r.Windows).Distinct > 0 {
		for d := range l.digests.All(r.Recipients) {
			recipients[d] = struct{}{}
		}
	}
	var d decision
	if err := with(ctx, r.Sender, func(t *tally) { d = how(t, time.Now().UnixMicro(), recipients) }); err != nil {
		return quota.Count{}, err
	}
	c, err := d.count()
	if err == nil {
		c.Degraded = l.Unsaved()
	}
	return c, err
}

// with calls work, which may change it, with the tally of a sender, made if there is none.
// The error wraps [quota.ErrTooManyOpen]: it was not our turn before ctx ended.
func (l *Store) with(ctx context.Context, sender string, work func(*tally)) error {
	done, err := l.turns.Wait(ctx, sender)
	if err != nil {
		return err
	}
	defer done()
	work(l.shard(sender).change(sender))
	return nil
}

// look calls work with the tally of a sender, which work does not change. The error
// wraps [quota.ErrTooManyOpen]: it was not our turn before ctx ended.
func (l *Store) look(ctx context.Context, sender string, work func(*tally)) error {
	done, err := l.turns.Wait(ctx, sender)
	if err != nil {
		return err
	}
	defer done()
	t := l.shard(sender).tally(sender)
	if t == nil {
		t = &tally{}
	}
	work(t)
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
func (l *Store) Settle(ctx context.Context, ticket quota.Ticket, commit bool) error {
	if !l.knows(ticket.Sender) {
		return nil
	}
	return l.with(ctx, ticket.Sender, func(t *tally) { t.settle(ticket.ID, commit) })
}

// knows reports whether there is a tally of a sender.
func (l *Store) knows(sender string) bool {
	return l.shard(sender).tally(sender) != nil
}

// CountedAlone reports whether a window may still hold a message of the sender that was
// counted here alone.
func (l *Store) CountedAlone(ctx context.Context, sender string) (alone bool) {
	if !l.knows(sender) {
		return false
	}
	err := l.look(ctx, sender, func(t *tally) {
		now := time.Now().UnixMicro()
		t = t.asOf(now)
		alone = t.Alone > 0 && now-t.Alone <= t.Keep
	})
	return alone || err != nil
}

// Again adds a user of the store, who closes it, too. It reports false if the store is
// closed.
func (l *Store) Again() bool {
	for n := l.users.Load(); n > 0; n = l.users.Load() {
		if l.users.CompareAndSwap(n, n+1) {
			return true
		}
	}
	return false
}

// Close implements [io.Closer]. The last of its users saves what was counted and closes
// the store.
func (l *Store) Close() error {
	if l.users.Add(-1) > 0 {
		return nil
	}
	close(l.stop)
	l.saver.Wait()
	return l.state.fail(l.save())
}
