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

	lru "github.com/hashicorp/golang-lru/v2"

	"github.com/rcptquota/rcptquota/quota"
	"github.com/rcptquota/rcptquota/quota/conf"
)

var errDown = errors.New("the directory is down")

// oracle is a directory whose answers a test sets.
type oracle struct {
	mu     sync.Mutex
	sender quota.Sender
	err    error
	takes  time.Duration
	asked  []string
}

func (o *oracle) lookup(_ context.Context, login string) (quota.Sender, error) {
	o.mu.Lock()
	o.asked = append(o.asked, login)
	sender, err, takes := o.sender, o.err, o.takes
	o.mu.Unlock()
	pass(takes)
	return sender, err
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

func (o *oracle) Close() error { return nil }

func testCache(t testing.TB, o *oracle) *cache {
	t.Helper()
	config := DefaultConfig()
	config.CacheEntries = 3
	c, err := newCache(config, o.lookup, o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// teacher is told apart from others by its school.
func teacher(school string) quota.Sender {
	return quota.Sender{Addresses: []string{"x@test"}, Establishment: school}
}

func TestAnswersAreRemembered(t *testing.T) {
	ambiguous := fmt.Errorf("%w: two", quota.ErrAmbiguous)
	for name, answer := range map[string]struct {
		err  error
		kept time.Duration
	}{
		"found":       {nil, 5 * time.Minute},
		"absent":      {quota.ErrAbsent, 30 * time.Second},
		"ambiguous":   {ambiguous, 30 * time.Second},
		"unavailable": {errDown, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				o := &oracle{err: answer.err}
				c := testCache(t, o)
				ask := func(login string, want int) {
					t.Helper()
					if _, err := c.Sender(t.Context(), login); !errors.Is(err, answer.err) {
						t.Errorf("%s: %v, want %v", login, err, answer.err)
					}
					if o.times() != want {
						t.Errorf("asked %d times, want %d", o.times(), want)
					}
				}
				ask("MDurand", 1)
				if answer.kept > 0 {
					pass(answer.kept - 1)
					ask("mdurand", 1)
					pass(1)
				}
				ask("mDurand", 2)
				if want := []string{"mdurand", "mdurand"}; !slices.Equal(o.asked, want) {
					t.Errorf("asked for %q, want %q", o.asked, want)
				}
			})
		})
	}
}

func TestAnExpiredAnswerIsReplaced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := &oracle{sender: teacher("0310001A")}
		c := testCache(t, o)
		for _, school := range []string{"0310001A", "0310002B"} {
			o.set(teacher(school), nil)
			if s, err := c.Sender(t.Context(), "x"); err != nil || s.Establishment != school || s.Stale != nil {
				t.Errorf("%+v, %v; want %s", s, err, school)
			}
			pass(5 * time.Minute)
		}
		o.set(quota.Sender{}, quota.ErrAbsent)
		if _, err := c.Sender(t.Context(), "x"); !errors.Is(err, quota.ErrAbsent) {
			t.Errorf("of a sender that left: %v", err)
		}
	})
}

func TestStaleAnswersBridgeAnOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := &oracle{sender: teacher("0310001A")}
		c := testCache(t, o)
		if _, err := c.Sender(t.Context(), "x"); err != nil {
			t.Fatal(err)
		}
		o.set(quota.Sender{}, errDown)
		pass(24 * time.Hour)
		if s, err := c.Sender(t.Context(), "x"); err != nil || s.Establishment != "0310001A" || !errors.Is(s.Stale, errDown) {
			t.Errorf("after a day: %+v, %v", s, err)
		}
		pass(1)
		if s, err := c.Sender(t.Context(), "x"); !errors.Is(err, errDown) || s.Establishment != "" {
			t.Errorf("after more than a day: %+v, %v", s, err)
		}
		o.set(teacher("0310002B"), nil)
		if s, err := c.Sender(t.Context(), "x"); err != nil || s.Establishment != "0310002B" || s.Stale != nil {
			t.Errorf("afterwards: %+v, %v", s, err)
		}
	})
}

func TestThatNobodyWasFoundIsNeverStale(t *testing.T) {
	for _, answer := range []error{quota.ErrAbsent, quota.ErrAmbiguous} {
		synctest.Test(t, func(t *testing.T) {
			o := &oracle{err: answer}
			c := testCache(t, o)
			if _, err := c.Sender(t.Context(), "x"); !errors.Is(err, answer) {
				t.Fatal(err)
			}
			o.set(quota.Sender{}, errDown)
			pass(30 * time.Second)
			if _, err := c.Sender(t.Context(), "x"); !errors.Is(err, errDown) || errors.Is(err, answer) {
				t.Errorf("in an outage after %v: %v", answer, err)
			}
		})
	}
}

func TestOneSearchForAllWhoWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := &oracle{sender: teacher("0310001A"), takes: time.Second}
		c := testCache(t, o)
		var all sync.WaitGroup
		for i := range 50 {
			all.Go(func() {
				if s, err := c.Sender(t.Context(), []string{"x", "X"}[i%2]); err != nil || s.Establishment != "0310001A" {
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

func TestAClientThatLeavesTakesNoSearchWithIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := &oracle{sender: teacher("0310001A"), takes: time.Second}
		c := testCache(t, o)
		ctx, leave := context.WithTimeout(t.Context(), time.Millisecond)
		defer leave()
		if _, err := c.Sender(ctx, "x"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("of a client that left: %v", err)
		}
		if s, err := c.Sender(t.Context(), "x"); err != nil || s.Establishment != "0310001A" || o.times() != 1 {
			t.Errorf("%+v, %v; asked %d times", s, err, o.times())
		}
	})
}

func TestCloseWaitsForSearches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := &oracle{takes: time.Second}
		c := testCache(t, o)
		ctx, leave := context.WithTimeout(t.Context(), time.Millisecond)
		defer leave()
		if _, err := c.Sender(ctx, "x"); err == nil {
			t.Error("answered before the search ended")
		}
		if err := c.Close(); err != nil {
			t.Error(err)
		}
		if _, err := c.Sender(t.Context(), "x"); err != nil { // it ended well before Close did
			t.Error(err)
		}
		if _, err := c.Sender(t.Context(), "y"); !errors.Is(err, errClosed) {
			t.Errorf("after Close: %v", err)
		}
	})
}

func TestTheLeastRecentlyUsedIsForgotten(t *testing.T) {
	o := &oracle{}
	c := testCache(t, o)
	for _, login := range []string{"a", "b", "c", "a", "d", "a", "b"} { // b went for d
		if _, err := c.Sender(t.Context(), login); err != nil {
			t.Fatal(err)
		}
	}
	if want := []string{"a", "b", "c", "d", "b"}; !slices.Equal(o.asked, want) {
		t.Errorf("asked for %q, want %q", o.asked, want)
	}
}

func TestImpossibleLoginsAreNotAskedFor(t *testing.T) {
	o := &oracle{}
	c := testCache(t, o)
	for _, login := range []string{"", "\xff", "a\x00"} {
		if _, err := c.Sender(t.Context(), login); !errors.Is(err, quota.ErrAbsent) {
			t.Errorf("%q: %v", login, err)
		}
	}
	if o.times() != 0 {
		t.Errorf("asked for %q", o.asked)
	}
}

func TestAHitAllocatesNothing(t *testing.T) {
	c := testCache(t, &oracle{sender: teacher("0310001A")})
	ctx := t.Context()
	if n := testing.AllocsPerRun(100, func() {
		if _, err := c.Sender(ctx, "mdurand"); err != nil {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("a hit allocates %v times", n)
	}
}

// BenchmarkHit is to be held against BenchmarkBareLRU, which is its floor.
func BenchmarkHit(b *testing.B) {
	b.ReportAllocs()
	c := testCache(b, &oracle{sender: teacher("0310001A")})
	ctx := b.Context()
	for b.Loop() {
		if _, err := c.Sender(ctx, "mdurand"); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkHitParallel(b *testing.B) {
	b.ReportAllocs()
	c := testCache(b, &oracle{sender: teacher("0310001A")})
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := c.Sender(b.Context(), "mdurand"); err != nil {
				b.Error(err)
			}
		}
	})
}

func BenchmarkBareLRU(b *testing.B) {
	b.ReportAllocs()
	entries, err := lru.New[string, *entry](3)
	if err != nil {
		b.Fatal(err)
	}
	entries.Add("mdurand", &entry{})
	for b.Loop() {
		if _, ok := entries.Get("mdurand"); !ok {
			b.Fatal("lost")
		}
	}
}

func TestCacheEntriesMustBePositive(t *testing.T) {
	if _, err := newCache(Config{TTL: conf.Duration{Duration: 1}}, nil, nil); err == nil {
		t.Error("a cache of no entries")
	}
}
