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

// Messages of the log. Their keys are documented in README.md.
const (
	msgCopied      = "roster_copied"      // a copy was stored, by this relay
	msgOverLimit   = "roster_over_limit"  // a designation lost to the limit of its establishment
	msgUnresolved  = "roster_unresolved"  // a designation resolves to nobody
	msgInEffect    = "roster_in_effect"   // another copy is the roster now
	msgUnavailable = "roster_unavailable" // the roster can't be brought up to date
	msgClock       = "roster_clock"       // the same, because of a wrong clock
	msgDoubted     = "roster_doubted"     // the same, because nearly everybody is missing from the copy
	msgAvailable   = "roster_available"   // it can again
	msgFuture      = "roster_future"      // the stored copy is of the future, and is not used
	msgNotStored   = "roster_not_stored"  // what is in effect could not be stored
)

// lookTimeout is for one look: a directory may have many designations.
const lookTimeout = time.Minute

// plan brings the roster up to date.
type plan interface {
	// look does what is due at now. It returns what is known then, and when to look
	// again.
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

	// Used by the one goroutine that looks.
	logged *Copy // the copy in effect that was logged last
	doubt  Doubt // that was logged last
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

// run looks again and again, first after a pause, until the keeper is closed.
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

// look brings the roster up to date, and returns after what pause to look again.
func (k *Keeper) look() time.Duration {
	ctx, cancel := context.WithTimeout(k.done, lookTimeout)
	defer cancel()
	now := k.clock()
	snapshot, next := k.plan.look(ctx, now)
	k.snapshot.Store(snapshot)
	k.logChanges(snapshot, now)
	return next.Sub(k.clock())
}

// logChanges logs what has changed since the last look.
func (k *Keeper) logChanges(snapshot *snapshot, now time.Time) {
	if k.done.Err() != nil {
		return // it failed since it was ended
	}
	if doubt := doubtOf(snapshot.err); doubt != k.doubt {
		k.doubt = doubt
		doubt.log(k.log, snapshot.err)
	}
	if effective := snapshot.effective(now); effective != nil && !effective.same(k.logged) {
		k.logged = effective
		k.log.Info(msgInEffect, effective.attrs()...)
	}
}

// Premium reports whether a sender, by its [quota.Sender.ID], is premium now. The error
// tells why that is not sure; the sender is then premium as by the last known copy.
func (k *Keeper) Premium(sender string) (bool, error) {
	return k.snapshot.Load().premium(sender, k.clock())
}

// InEffect returns the copy that is the roster now, or nil when it is not known.
func (k *Keeper) InEffect() *Copy { return k.snapshot.Load().effective(k.clock()) }

// Doubt tells why it is not sure that the roster is the right one, now or at the next
// moment of effect.
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
