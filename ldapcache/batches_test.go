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
	"github.com/rcptquota/rcptquota/quota/list"
)

// register is a directory of lists whose answers a test sets: an address that
// begins with "l" is a list's, one with "t" that of two.
type register struct {
	mu    sync.Mutex
	takes time.Duration
	err   error
	asked [][]string
}

func (r *register) ask(_ context.Context, addresses []string) ([]*list.List, []error, error) {
	r.mu.Lock()
	r.asked = append(r.asked, addresses)
	takes, err := r.takes, r.err
	r.mu.Unlock()
	pass(takes)
	if err != nil {
		return nil, nil, err
	}
	lists, ambiguous := make([]*list.List, len(addresses)), make([]error, len(addresses))
	for i, a := range addresses {
		switch a[0] {
		case 'l':
			lists[i] = &list.List{Members: len(a)}
		case 't':
			ambiguous[i] = errors.New("two entries")
		}
	}
	return lists, ambiguous, nil
}

func (r *register) times() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.asked)
}

// listDirectory asks the register.
func listDirectory(t testing.TB, r *register) *Cached {
	t.Helper()
	d := roomyDirectory(t, &oracle{})
	var err error
	if d.lists, err = newBatches(DefaultConfig(), r.ask); err != nil {
		t.Fatal(err)
	}
	return d
}

func addresses(prefix string, n int) []string {
	all := make([]string, n)
	for i := range all {
		all[i] = fmt.Sprintf("%s%d@listes.test", prefix, i)
	}
	return all
}

// TestBatches: many addresses, few searches; an address that is asked about twice
// is so once.
func TestBatches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &register{takes: time.Second}
		d := listDirectory(t, r)
		all := slices.Concat(addresses("l", 200), addresses("x", 4799), []string{"l7@listes.test", "t@listes.test"})
		for range 2 {
			answers := d.Lists(t.Context(), all)
			for i, a := range answers {
				list := a.List
				if isList := all[i][0] == 'l'; a.Err != nil || isList && (list == nil || list.Members != len(all[i])) ||
					!isList && list != nil && !errors.Is(list.Fault, quota.ErrAmbiguous) {
					t.Fatalf("%s: %+v", all[i], a)
				}
			}
			if r.times() != 34 { // ceil(5000/150)
				t.Errorf("%d searches", r.times())
			}
		}
		stats := d.Stats().Lists
		if stats.Searches != 34 || stats.Misses != 5000 || stats.Hits != 5001 || stats.Entries != 5000 {
			t.Errorf("%+v", stats)
		}
		pass(30 * time.Second) // what is no list is asked about again
		d.Lists(t.Context(), all)
		if got := r.times(); got != 34+32 { // for the 4800 others
			t.Errorf("%d searches", got)
		}
	})
}

// TestOneSearchForTheSame: who asks at once waits for one search, which outlives
// who asked first.
func TestOneSearchForTheSame(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &register{takes: time.Second}
		d := listDirectory(t, r)
		var asking sync.WaitGroup
		impatient, leave := context.WithTimeout(t.Context(), time.Millisecond)
		defer leave()
		asking.Go(func() {
			if a := d.Lists(impatient, []string{"l1@x", "l2@x"}); a[0].Err == nil || a[1].Err == nil {
				t.Error(a)
			}
		})
		synctest.Wait()
		for range 10 {
			asking.Go(func() {
				if a := d.Lists(t.Context(), []string{"l2@x", "l1@x"}); a[0].List == nil || a[1].List == nil {
					t.Error(a)
				}
			})
		}
		asking.Wait()
		if r.times() != 1 {
			t.Errorf("%d searches", r.times())
		}
	})
}

// TestExpiredWhileAskedAgain: an answer that grows old while it is asked for ahead
// of that, by a slow search, is asked for as any other.
func TestExpiredWhileAskedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &register{}
		d := listDirectory(t, r)
		d.Lists(t.Context(), []string{"l@x"})
		pass(5*time.Minute - time.Millisecond)
		r.takes = time.Second
		for range 2 { // asks ahead; then needs what is being asked for
			if a := d.Lists(t.Context(), []string{"l@x"}); a[0].Err != nil || a[0].List == nil {
				t.Errorf("%+v", a)
			}
			pass(time.Millisecond)
		}
	})
}

// TestListsAreNeverStale: what was known once neither opens a list nor closes it.
func TestListsAreNeverStale(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &register{}
		d := listDirectory(t, r)
		both := []string{"l@x", "person@x"}
		d.Lists(t.Context(), both)
		r.err = errDown
		pass(5 * time.Minute)
		for i, a := range d.Lists(t.Context(), both) {
			if !errors.Is(a.Err, errDown) || a.List != nil {
				t.Errorf("%s: %+v", both[i], a)
			}
		}
		r.err = nil
		if a := d.Lists(t.Context(), both); a[0].List == nil || a[1] != (list.Answer{}) {
			t.Errorf("%+v", a)
		}
	})
}

func TestClosedDirectoryHasNoLists(t *testing.T) {
	d := listDirectory(t, &register{})
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	if a := d.Lists(t.Context(), []string{"l@x"}); !errors.Is(a[0].Err, errClosed) {
		t.Errorf("%+v", a)
	}
}

// BenchmarkWarmLists looks up what is remembered.
func BenchmarkWarmLists(b *testing.B) {
	for _, n := range []int{1, 5000} {
		b.Run(fmt.Sprintf("addresses=%d", n), func(b *testing.B) {
			d := listDirectory(b, &register{})
			all := addresses("l", n)
			d.Lists(b.Context(), all)
			b.ReportAllocs()
			for b.Loop() {
				d.Lists(b.Context(), all)
			}
		})
	}
}
