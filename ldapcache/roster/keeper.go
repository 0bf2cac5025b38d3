package roster

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rcptquota/rcptquota/quota"
)

// lookTimeout bounds one look: a directory may have many designations to tell.
const lookTimeout = time.Minute

// plan brings the roster up to date.
type plan interface {
	// look does what is to be done at now. It returns what is known then, and when
	// to look again.
	look(ctx context.Context, now time.Time) (*snapshot, time.Time)
}

// Keeper keeps the roster of one relay. It is used by many goroutines at once.
type Keeper struct {
	plan     plan
	log      *slog.Logger
	clock    func() time.Time
	snapshot atomic.Pointer[snapshot]

	running sync.WaitGroup
	done    context.Context // ends when the keeper is closed
	end     context.CancelFunc

	// Of the one goroutine that looks.
	told  *Copy // the copy that was last logged as in effect
	doubt Doubt // the last one logged
}

func newKeeper(plan plan, log *slog.Logger) *Keeper {
	k := &Keeper{plan: plan, log: log, clock: time.Now}
	k.snapshot.Store(&snapshot{err: errNotYet})
	k.done, k.end = context.WithCancel(context.Background())
	return k
}

// Start begins to keep the roster. It returns when the roster was looked at once,
// so that the first message finds it, or when ctx ends before.
func (k *Keeper) Start(ctx context.Context) {
	looked := make(chan struct{})
	k.running.Go(func() {
		pause := k.look()
		close(looked)
		k.run(pause)
	})
	select {
	case <-looked:
	case <-ctx.Done():
	}
}

// Close implements [io.Closer]. What was known last stays.
func (k *Keeper) Close() error {
	k.end()
	k.running.Wait()
	return nil
}

// run looks again and again, the first time after pause, until the keeper is closed.
func (k *Keeper) run(pause time.Duration) {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	for {
		select {
		case <-k.done.Done():
			return
		case <-timer.C:
			timer.Reset(k.look())
		}
	}
}

// look brings the roster up to date, and returns how long to wait before the next look.
func (k *Keeper) look() time.Duration {
	ctx, cancel := context.WithTimeout(k.done, lookTimeout)
	defer cancel()
	now := k.clock()
	snapshot, next := k.plan.look(ctx, now)
	k.snapshot.Store(snapshot)
	k.tell(snapshot, now)
	return next.Sub(k.clock())
}

// tell logs what has changed since.
func (k *Keeper) tell(snapshot *snapshot, now time.Time) {
	if k.done.Err() != nil {
		return // it failed since it was ended
	}
	if doubt := doubtOf(snapshot.err); doubt != k.doubt {
		k.doubt = doubt
		doubt.tell(k.log, snapshot.err)
	}
	if effective := snapshot.effective(now); effective != nil && !effective.same(k.told) {
		k.told = effective
		k.log.Info(msgInEffect, effective.attrs()...)
	}
}

// Premium reports whether a sender, by its [quota.Sender.ID], is premium now. The
// error tells why that can't be known for sure; it is then as it was last known.
func (k *Keeper) Premium(sender string) (bool, error) {
	return k.snapshot.Load().premium(sender, k.clock())
}

// InEffect returns the copy that is the roster now, or nil when it is not known.
func (k *Keeper) InEffect() *Copy { return k.snapshot.Load().effective(k.clock()) }

// Doubt returns why the roster is in doubt now, or will be at the next moment of
// effect unless something changes.
func (k *Keeper) Doubt() Doubt { return k.snapshot.Load().doubts(k.clock()) }

// Directory is a directory whose senders are premium as the roster says at the
// moment of the answer.
type Directory struct {
	quota.Directory
	Roster *Keeper
}

// Sender implements [quota.Directory].
func (d Directory) Sender(ctx context.Context, login string) (quota.Sender, error) {
	sender, err := d.Directory.Sender(ctx, login)
	if err != nil {
		return sender, err
	}
	sender.Premium, sender.Doubt = d.Roster.Premium(sender.ID)
	return sender, nil
}

// jittered is d, up to a tenth more or less, so that relays do not ask together.
func jittered(d time.Duration) time.Duration {
	return d - d/10 + rand.N(d/5+1) //nolint:gosec // nothing is secret
}
