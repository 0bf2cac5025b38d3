package history

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

var errAway = errors.New("away")

// fake is a store in memory that can be away, hang or be slow.
type fake struct {
	mu      sync.Mutex
	away    error
	hangs   bool
	blind   error // of reading the grants alone
	entries []Entry
	grants  []Grant
	changes int
	trims   int
	ahead   time.Duration // of its clock
	perTrim int           // how many more trims there are to do
}

func (f *fake) set(away error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.away = away
}

// enter is the state of the store for one access.
func (f *fake) enter(ctx context.Context) (done func(), err error) {
	f.mu.Lock()
	if f.hangs {
		f.mu.Unlock()
		<-ctx.Done()
		return nil, ctx.Err()
	}
	if f.away != nil {
		defer f.mu.Unlock()
		return nil, f.away
	}
	return f.mu.Unlock, nil
}

func (f *fake) Append(ctx context.Context, records []Record) error {
	done, err := f.enter(ctx)
	if err != nil {
		return err
	}
	defer done()
	for _, r := range records {
		f.entries = append(f.entries, Entry{Cursor: strconv.Itoa(len(f.entries) + 1), Stored: time.Now(), Record: r})
	}
	return nil
}

func (f *fake) Trim(ctx context.Context) (bool, error) {
	done, err := f.enter(ctx)
	if err != nil {
		return false, err
	}
	defer done()
	f.trims++
	f.perTrim--
	return f.perTrim > 0, nil
}

func (f *fake) Find(context.Context, string) ([]Record, error) { panic("not used") }

func (f *fake) Page(ctx context.Context, p Page) ([]Entry, error) {
	done, err := f.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer done()
	n, _ := strconv.Atoi(p.Cursor)
	var page []Entry
	if p.Newer {
		page = slices.Clone(f.entries[n:])
	} else {
		if p.Cursor == "" {
			n = len(f.entries) + 1
		}
		page = slices.Clone(f.entries[:n-1])
		slices.Reverse(page)
	}
	return page[:min(len(page), p.Most)], nil
}

func (f *fake) Grants(ctx context.Context) ([]Grant, error) {
	done, err := f.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer done()
	return slices.Clone(f.grants), f.blind
}

func (f *fake) Now(ctx context.Context) (time.Time, error) {
	done, err := f.enter(ctx)
	if err != nil {
		return time.Time{}, err
	}
	defer done()
	return time.Now().Add(f.ahead), nil
}

func (f *fake) Change(ctx context.Context, remove []string, add ...Grant) error {
	done, err := f.enter(ctx)
	if err != nil {
		return err
	}
	defer done()
	f.changes++
	f.grants = slices.DeleteFunc(f.grants, func(g Grant) bool { return slices.Contains(remove, g.ID) })
	f.grants = append(f.grants, add...)
	return nil
}

// logged collects a log, without times.
type logged struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logged) Write(line []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(line)
}

func (l *logged) log() *slog.Logger {
	return slog.New(slog.NewTextHandler(l, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}}))
}

// want compares the log since the last call.
func (l *logged) want(t *testing.T, lines ...string) {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	got := l.text.String()
	l.text.Reset()
	if want := strings.Join(append(lines, ""), "\n"); got != want {
		t.Errorf("logged:\n%swant:\n%s", got, want)
	}
}
