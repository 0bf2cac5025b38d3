package ldapcache

import (
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rcptquota/rcptquota/quota"
)

// mustKnow asks for a sender who is known.
func mustKnow(t *testing.T, d *Cached, login string) quota.Sender {
	t.Helper()
	s, err := d.Sender(t.Context(), login)
	if err != nil {
		t.Errorf("%s: %v", login, err)
	}
	return s
}

func TestAnExpiredAnswerIsReplaced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := &oracle{takes: 100 * time.Millisecond}
		d := testDirectory(t, o)
		for _, school := range []string{"0310001A", "0310002B"} {
			o.set(teacher(school), nil)
			if got := mustKnow(t, d, "x"); got.Establishment != school || got.Stale != nil {
				t.Errorf("%+v; want %s", got, school)
			}
			pass(5 * time.Minute)
		}
		o.set(quota.Sender{}, quota.ErrAbsent)
		if _, err := d.Sender(t.Context(), "x"); !errors.Is(err, quota.ErrAbsent) {
			t.Errorf("of a sender that left: %v", err)
		}
	})
}

func TestStaleAnswersBridgeAnOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := &oracle{sender: teacher("0310001A")}
		d := testDirectory(t, o)
		mustKnow(t, d, "x")
		o.set(quota.Sender{}, errDown)
		for age := time.Minute; age <= 24*time.Hour; age += time.Minute {
			pass(time.Minute)
			got := mustKnow(t, d, "x")
			if certain := age < 5*time.Minute; got.Establishment != "0310001A" || certain && got.Stale != nil || !certain && !errors.Is(got.Stale, errDown) {
				t.Fatalf("after %v: %+v", age, got)
			}
		}
		pass(1)
		if s, err := d.Sender(t.Context(), "x"); !errors.Is(err, errDown) || s.Establishment != "" {
			t.Errorf("after more than a day: %+v, %v", s, err)
		}
		o.set(teacher("0310002B"), nil)
		if got := mustKnow(t, d, "x"); got.Establishment != "0310002B" || got.Stale != nil {
			t.Errorf("afterwards: %+v", got)
		}
	})
}

// TestASlowDirectoryIsBridged has fifty messages, whose answer has expired, meet a
// directory that takes longer than they wait.
func TestASlowDirectoryIsBridged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := &oracle{sender: teacher("0310001A")}
		d := testDirectory(t, o)
		mustKnow(t, d, "x")
		pass(3 * time.Hour)
		o.set(teacher("0310002B"), nil)
		o.takes = time.Second
		start := time.Now()
		var all sync.WaitGroup
		for range 50 {
			all.Go(func() {
				if got := mustKnow(t, d, "x"); got.Establishment != "0310001A" || !errors.Is(got.Stale, errSlow) {
					t.Errorf("%+v", got)
				}
			})
		}
		all.Wait()
		if waited := time.Since(start); waited != 500*time.Millisecond {
			t.Errorf("waited %v", waited)
		}
		pass(500 * time.Millisecond)
		synctest.Wait()
		if got := mustKnow(t, d, "x"); got.Establishment != "0310002B" || got.Stale != nil || o.times() != 2 {
			t.Errorf("after the search: %+v; asked %d times", got, o.times())
		}
	})
}

// TestABusySenderNeverWaits has one look-up a second for an hour, from a directory
// that takes a while and changes all the time.
func TestABusySenderNeverWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := &oracle{takes: time.Second}
		d := testDirectory(t, o)
		begin := time.Now()
		for second := range 3600 {
			o.set(teacher(time.Now().Format(time.RFC3339)), nil)
			start := time.Now()
			got := mustKnow(t, d, "x")
			if waited := time.Since(start); waited > 0 && second > 0 {
				t.Fatalf("waited %v after %v", waited, start.Sub(begin))
			}
			learnt, err := time.Parse(time.RFC3339, got.Establishment)
			if age := time.Since(learnt); err != nil || got.Stale != nil || age >= 5*time.Minute {
				t.Fatalf("%v old, %+v, %v", age, got, err)
			}
			pass(time.Second)
		}
		synctest.Wait() // the last search may just be asking
		for i, when := range o.when[1:] {
			if age := when.Sub(o.when[i]); age < 225*time.Second || age > 264*time.Second {
				t.Errorf("asked again after %v", age)
			}
		}
		if o.times() < 3600/270 {
			t.Errorf("asked %d times", o.times())
		}
	})
}

func TestOneSearchAheadOfTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := &oracle{sender: teacher("0310001A")}
		d := testDirectory(t, o)
		mustKnow(t, d, "x")
		o.set(quota.Sender{}, errDown)
		o.takes = time.Second
		pass(5*time.Minute*7/8 + 1)
		var all sync.WaitGroup
		for range 50 {
			all.Go(func() {
				for range 10 {
					if got := mustKnow(t, d, "x"); got.Establishment != "0310001A" || got.Stale != nil {
						t.Errorf("%+v", got)
					}
					pass(time.Second) // the search ended, with an error
				}
			})
		}
		all.Wait()
		if o.times() != 2 {
			t.Errorf("asked %d times", o.times())
		}
	})
}

// TestWhatWasLearntAtOnceIsNotAskedForAtOnce has a thousand senders, first asked
// for in the same moment, be asked for every second.
func TestWhatWasLearntAtOnceIsNotAskedForAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const senders = 1000
		o := &oracle{}
		d := roomyDirectory(t, o)
		begin := time.Now()
		perSecond := map[time.Duration]int{}
		for time.Since(begin) < 5*time.Minute {
			before := o.times()
			for i := range senders {
				mustKnow(t, d, string(rune('一'+i)))
			}
			synctest.Wait()
			perSecond[time.Since(begin)] = o.times() - before
			pass(time.Second)
		}
		if perSecond[0] != senders || o.times() != 2*senders {
			t.Fatalf("asked %d times at first, %d in all", perSecond[0], o.times())
		}
		for second, searches := range perSecond {
			if second > 0 && searches > senders/10 {
				t.Errorf("asked %d times after %v", searches, second)
			}
		}
	})
}
