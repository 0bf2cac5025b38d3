package history

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rcptquota/rcptquota/quota"
)

const (
	// readEvery is how often the grants are read anew: a grant that another relay was
	// asked for counts that soon.
	readEvery = time.Second
	// readTimeout is how long reading or changing them may take.
	readTimeout = 5 * time.Second
	// unreadFor is how long the grants may not be readable before it is in doubt whether
	// somebody has been given one meanwhile: a few readings, since mail is refused for that.
	unreadFor = 5 * readEvery
	// forgetAfter is how long a grant stays in the store after its end.
	forgetAfter = 24 * time.Hour
)

// ErrUnread is wrapped by the errors of a [Book] that cannot know the grants.
var ErrUnread = errors.New("the grants cannot be read")

var errNeverRead = errors.New("they have not been read since the start")

// Book has all grants in memory, and reads them anew in the background. While the store
// is away, those that were read last go on until their end. It is safe for use by many
// goroutines at once.
type Book struct {
	ledger DatedLedger
	log    *slog.Logger
	page   atomic.Pointer[page]

	mu   sync.Mutex // of reading: an older answer must not replace a newer one
	away bool       // told, and not yet that it is over

	stop    context.CancelFunc
	reading sync.WaitGroup
}

// page is what was read last. It does not change.
type page struct {
	grants  []Grant             // sorted
	byLogin map[string][]*Grant // the same
	byID    map[string][]*Grant // the same, by the directory's name of the sender
	read    time.Time           // zero: never
	err     error               // why they could not be read since; nil: they could
}

func newPage(grants []Grant, read time.Time) *page {
	p := &page{grants: slices.Clone(grants), byLogin: map[string][]*Grant{}, byID: map[string][]*Grant{}, read: read}
	sortGrants(p.grants)
	for i := range p.grants {
		g := &p.grants[i]
		p.byLogin[g.Login] = append(p.byLogin[g.Login], g)
		if g.Sender != "" {
			p.byID[g.Sender] = append(p.byID[g.Sender], g)
		}
	}
	return p
}

// OpenBook reads the grants, which takes no longer than ctx, and begins to read them
// anew. A store that is away is no error, and logged. The caller closes the book, and then
// the ledger.
func OpenBook(ctx context.Context, ledger DatedLedger, log *slog.Logger) *Book {
	background, stop := context.WithCancel(context.Background())
	b := &Book{ledger: ledger, log: log, stop: stop}
	b.page.Store(&page{err: errNeverRead})
	_ = b.refresh(ctx) // logged
	b.reading.Go(func() { b.readRegularly(background) })
	return b
}

// Close implements [io.Closer].
func (b *Book) Close() error {
	b.stop()
	b.reading.Wait()
	return nil
}

func (b *Book) readRegularly(ctx context.Context) {
	tick := time.NewTicker(readEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			_ = b.refresh(ctx) // logged
		}
	}
}

// refresh reads the grants.
func (b *Book) refresh(ctx context.Context) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	limited, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	now := time.Now()
	grants, err := b.ledger.Grants(limited)
	if err != nil {
		last := *b.page.Load()
		last.err = err
		b.page.Store(&last)
		if !b.away && !errors.Is(ctx.Err(), context.Canceled) {
			b.away = true
			// Log record "grants_unavailable": a warning, when the grants cannot be read: `error`; once per
			// outage. Those known stay until their end; see [When something fails](#when-something-fails)
			b.log.Warn("grants_unavailable", "error", err)
		}
		return err
	}
	if b.away {
		b.away = false
		// Log record "grants_available": when they can be read again
		b.log.Info("grants_available")
	}
	b.forget(limited, grants, now)
	b.page.Store(newPage(grants, now))
	return nil
}

// forget removes grants that ended long ago from the store. If it fails, it is tried
// again with the next read. The store's clock has to agree: this relay's may be ahead, and
// the grants may still count on the others.
func (b *Book) forget(ctx context.Context, grants []Grant, now time.Time) {
	if len(endedLongAgo(grants, now)) == 0 {
		return
	}
	theirs, err := b.ledger.Now(ctx)
	if err != nil {
		return
	}
	if theirs.Before(now) {
		now = theirs
	}
	if old := endedLongAgo(grants, now); len(old) > 0 {
		_ = b.ledger.Change(ctx, old)
	}
}

// endedLongAgo returns the ids of grants that need not be kept at the moment now.
func endedLongAgo(grants []Grant, now time.Time) (ids []string) {
	for i := range grants {
		if !grants[i].holds(now.Add(-forgetAfter)) {
			ids = append(ids, grants[i].ID)
		}
	}
	return ids
}

// doubt says why somebody may have been given a grant that is not on the page.
func (p *page) doubt(now time.Time) error {
	if p.err == nil || !p.read.IsZero() && now.Sub(p.read) < unreadFor {
		return nil
	}
	return fmt.Errorf("%w: %w", ErrUnread, p.err)
}

// Granted implements [quota.Grants].
func (b *Book) Granted(login, id string, now time.Time) (int, error) {
	p := b.page.Load()
	if len(p.grants) == 0 {
		return 0, p.doubt(now)
	}
	login = strings.ToLower(login)
	n := 0
	for _, g := range p.byLogin[login] {
		n += g.at(now)
	}
	for _, g := range p.byID[id] {
		if g.Login != login {
			n += g.at(now)
		}
	}
	return min(n, quota.MaxRecipients), p.doubt(now)
}

// MostGranted implements [quota.Grants].
func (b *Book) MostGranted(now time.Time) (int, error) {
	p := b.page.Load()
	n := 0
	for i := range p.grants {
		n += p.grants[i].at(now)
	}
	return min(n, quota.MaxRecipients), p.doubt(now)
}

// Grants returns the grants that count at the moment now, by login. The error wraps
// [ErrUnread]: there may be others.
func (b *Book) Grants(now time.Time) ([]Grant, error) {
	p := b.page.Load()
	var all []Grant
	for i := range p.grants {
		if p.grants[i].holds(now) {
			all = append(all, p.grants[i])
		}
	}
	if p.err != nil {
		return all, fmt.Errorf("%w: %w", ErrUnread, p.err)
	}
	return all, nil
}

// Add gives a grant that [NewGrant] made. It counts here at once, if it can be read, and on
// the other relays within [readEvery]. The error says that the store is away, or wraps [ErrTooManyGrants].
func (b *Book) Add(ctx context.Context, g Grant) error {
	return b.change(ctx, nil, g)
}

// ErrNoGrant says that nothing was granted that could be revoked.
var ErrNoGrant = errors.New("there is no such grant")

// Revoke ends grants at the moment now: the one with an ID or, failing that, all of a
// login. It returns them. The error wraps [ErrNoGrant], or says that the store is away.
func (b *Book) Revoke(ctx context.Context, idOrLogin string, now time.Time) ([]Grant, error) {
	if err := b.refresh(ctx); err != nil {
		return nil, err
	}
	all, _ := b.Grants(now)
	name := strings.ToLower(idOrLogin)
	which := slices.DeleteFunc(slices.Clone(all), func(g Grant) bool { return g.ID != name })
	if len(which) == 0 {
		which = slices.DeleteFunc(all, func(g Grant) bool { return g.Login != name })
	}
	if len(which) == 0 {
		return nil, fmt.Errorf("%w: %q is neither the id of a grant nor the login of somebody who has one", ErrNoGrant, idOrLogin)
	}
	ids := make([]string, len(which))
	for i := range which {
		ids[i] = which[i].ID
	}
	return which, b.change(ctx, ids)
}

// change changes the store, and reads it. Who asked may leave meanwhile: a change that was
// begun is brought to its end, so that it is known what became of it.
func (b *Book) change(ctx context.Context, remove []string, add ...Grant) error {
	ctx = context.WithoutCancel(ctx)
	limited, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	if err := b.ledger.Change(limited, remove, add...); err != nil {
		return err
	}
	_ = b.refresh(ctx) // logged, and tried again; the change is made
	return nil
}
