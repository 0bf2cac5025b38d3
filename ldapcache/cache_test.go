package ldapcache

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rcptquota/rcptquota/quota"
)

var errDown = errors.New("the directory is down")

// oracle is a directory whose answers a test sets.
type oracle struct {
	mu     sync.Mutex
	sender quota.Sender
	err    error
	takes  time.Duration
	asked  []string
	when   []time.Time // each was asked
}

func (o *oracle) lookup(ctx context.Context, login string) (quota.Sender, error) {
	o.mu.Lock()
	o.asked, o.when = append(o.asked, login), append(o.when, time.Now())
	sender, err, takes := o.sender, o.err, o.takes
	o.mu.Unlock()
	if takes == 0 { // timers due at once, of two goroutines in one bubble, crash Go 1.26's race detector
		return sender, err
	}
	select {
	case <-time.After(takes):
		return sender, err
	case <-ctx.Done():
		return quota.Sender{}, ctx.Err()
	}
}

// pass lets time pass, on the clock of synctest.
func pass(d time.Duration) {
	time.Sleep(d) //nolint:forbidigo // costs no time
}

func (o *oracle) set(sender quota.Sender, err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.sender, o.err = sender, err
}

func (o *oracle) times() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.asked)
}

// testDirectory has room for three senders, and asks the oracle.
func testDirectory(t testing.TB, o *oracle) *Cached {
	t.Helper()
	return directoryOf(t, o, 3)
}

// roomyDirectory has as much room as one has by default.
func roomyDirectory(t testing.TB, o *oracle) *Cached {
	t.Helper()
	return directoryOf(t, o, DefaultConfig().CacheEntries)
}

func directoryOf(t testing.TB, o *oracle, size int) *Cached {
	t.Helper()
	config := DefaultConfig()
	config.Source, config.CacheEntries = sourceLDAP, size
	d, err := openLDAP(config, nil)
	if err != nil {
		t.Fatal(err)
	}
	d.senders.lookup = o.lookup
	return d
}

// teacher is told apart from others by its school.
func teacher(school string) quota.Sender {
	return quota.Sender{Addresses: []string{"x@test"}, Establishment: school}
}

func TestAnswersAreRemembered(t *testing.T) {
	ambiguous := fmt.Errorf("%w: two", quota.ErrAmbiguous)
	for name, answer := range map[string]struct {
		err        error
		kept, gone time.Duration // not yet asked for again; asked for again
	}{
		"found":       {nil, 5*time.Minute*6/8 - 1, 5 * time.Minute},
		"absent":      {quota.ErrAbsent, 30*time.Second - 1, 30 * time.Second},
		"ambiguous":   {ambiguous, 30*time.Second - 1, 30 * time.Second},
		"unavailable": {errDown, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				o := &oracle{err: answer.err}
				d := testDirectory(t, o)
				ask := func(login string, want int) {
					t.Helper()
					if _, err := d.Sender(t.Context(), login); !errors.Is(err, answer.err) {
						t.Errorf("%s: %v, want %v", login, err, answer.err)
					}
					synctest.Wait()
					if o.times() != want {
						t.Errorf("asked %d times, want %d", o.times(), want)
					}
				}
				ask("MDurand", 1)
				if answer.kept > 0 {
					pass(answer.kept)
					ask("mdurand", 1)
				}
				pass(answer.gone - answer.kept)
				ask("mDurand", 2)
				if want := []string{"mdurand", "mdurand"}; !slices.Equal(o.asked, want) {
					t.Errorf("asked for %q, want %q", o.asked, want)
				}
			})
		})
	}
}

func TestThatNobodyWasFoundIsNeverStale(t *testing.T) {
	for _, answer := range []error{quota.ErrAbsent, quota.ErrAmbiguous} {
		synctest.Test(t, func(t *testing.T) {
			o := &oracle{err: answer}
			d := testDirectory(t, o)
			if _, err := d.Sender(t.Context(), "x"); !errors.Is(err, answer) {
				t.Fatal(err)
			}
			o.set(quota.Sender{}, errDown)
			pass(30 * time.Second)
			if _, err := d.Sender(t.Context(), "x"); !errors.Is(err, errDown) || errors.Is(err, answer) {
				t.Errorf("in an outage after %v: %v", answer, err)
			}
		})
	}
}

func TestOneSearchForAllWhoWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := &oracle{sender: teacher("0310001A"), takes: time.Second}
		d := testDirectory(t, o)
		var all sync.WaitGroup
		for i := range 50 {
			all.Go(func() {
				if s, err := d.Sender(t.Context(), []string{"x", "X"}[i%2]); err != nil || s.Establishment != "0310001A" {
					t.Errorf("%+v, %v", s, err)
				}
			})
		}
		all.Wait()
		if o.times() != 1 {
			t.Errorf("asked %d times", o.times())
		}
	})
}

// TestWhoComesLateSearchesNoMore is about one who found nothing remembered, and
// asks just after another's search ended.
func TestWhoComesLateSearchesNoMore(t *testing.T) {
	o := &oracle{sender: teacher("0310001A")}
	d := testDirectory(t, o)
	if _, err := d.Sender(t.Context(), "x"); err != nil {
		t.Fatal(err)
	}
	s, stale, err := d.senders.miss(t.Context(), "x", nil, time.Now())
	if err != nil || stale != nil || s.Establishment != "0310001A" || o.times() != 1 {
		t.Errorf("%+v, %v, %v; asked %d times", s, stale, err, o.times())
	}
}

func TestAClientThatLeavesTakesNoSearchWithIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := &oracle{sender: teacher("0310001A"), takes: time.Second}
		d := testDirectory(t, o)
		ctx, leave := context.WithTimeout(t.Context(), time.Millisecond)
		defer leave()
		if _, err := d.Sender(ctx, "x"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("of a client that left: %v", err)
		}
		if s, err := d.Sender(t.Context(), "x"); err != nil || s.Establishment != "0310001A" || o.times() != 1 {
			t.Errorf("%+v, %v; asked %d times", s, err, o.times())
		}
	})
}

func TestASearchHasADeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := testDirectory(t, &oracle{takes: time.Hour})
		start := time.Now()
		if _, err := d.Sender(t.Context(), "x"); !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != 2*time.Second {
			t.Errorf("%v after %v", err, time.Since(start))
		}
	})
}

func TestCloseWaitsForSearches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := &oracle{takes: time.Second}
		d := testDirectory(t, o)
		ctx, leave := context.WithTimeout(t.Context(), time.Millisecond)
		defer leave()
		if _, err := d.Sender(ctx, "x"); err == nil {
			t.Error("answered before the search ended")
		}
		if err := d.Close(); err != nil {
			t.Error(err)
		}
		if _, err := d.Sender(t.Context(), "x"); err != nil { // it ended well before Close did
			t.Error(err)
		}
		if _, err := d.Sender(t.Context(), "y"); !errors.Is(err, errClosed) {
			t.Errorf("after Close: %v", err)
		}
	})
}

func TestTheLeastRecentlyUsedIsForgotten(t *testing.T) {
	o := &oracle{}
	d := testDirectory(t, o)
	for _, login := range []string{"a", "b", "c", "a", "d", "a", "b"} { // b went for d
		if _, err := d.Sender(t.Context(), login); err != nil {
			t.Fatal(err)
		}
	}
	if want := []string{"a", "b", "c", "d", "b"}; !slices.Equal(o.asked, want) {
		t.Errorf("asked for %q, want %q", o.asked, want)
	}
}

func TestALargeCacheIsBounded(t *testing.T) {
	const size = 4096
	d := directoryOf(t, &oracle{}, size)
	for i := range 3 * size {
		if _, err := d.Sender(t.Context(), fmt.Sprint(i)); err != nil {
			t.Fatal(err)
		}
	}
	if n := d.Stats().Senders.Entries; n != size {
		t.Errorf("%d entries", n)
	}
}

func TestImpossibleLoginsAreNotAskedFor(t *testing.T) {
	o := &oracle{}
	d := testDirectory(t, o)
	for _, login := range []string{"", "\xff", "a\x00"} {
		if _, err := d.Sender(t.Context(), login); !errors.Is(err, quota.ErrAbsent) {
			t.Errorf("%q: %v", login, err)
		}
	}
	if o.times() != 0 {
		t.Errorf("asked for %q", o.asked)
	}
}

func TestAHitAllocatesNothing(t *testing.T) {
	d := testDirectory(t, &oracle{sender: teacher("0310001A")})
	ctx := t.Context()
	if n := testing.AllocsPerRun(100, func() {
		if _, err := d.Sender(ctx, "mdurand"); err != nil {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("a hit allocates %v times", n)
	}
}

func TestCacheEntriesMustBePositive(t *testing.T) {
	if _, err := newCache[int](Config{}, nil); err == nil {
		t.Error("a cache of no entries")
	}
}
