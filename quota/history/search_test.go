package history

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

func TestSearch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &fake{}
		for i := range 3 * pageSize {
			r := Record{Time: time.Now(), Recipients: i, Sender: "anne", Reason: "window"}
			if i%10 == 0 {
				r.Sender, r.Reason, r.List = "zoe", "list_posting", "profs@listes.ac-test.fr"
			}
			if err := store.Append(t.Context(), []Record{r}); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Second) //nolint:forbidigo // the bubble's clock
		}
		count := func(q Query) (n int) {
			last := 3 * pageSize
			for r, err := range Search(t.Context(), store, q) {
				if err != nil || r.Recipients >= last {
					t.Fatal(r, err)
				}
				last = r.Recipients
				n++
			}
			return n
		}
		for _, c := range []struct {
			query Query
			want  int
		}{
			{Query{}, 3 * pageSize},
			{Query{Sender: "ANNE"}, 1350},
			{Query{Reason: "list_posting"}, 150},
			{Query{List: "Profs@listes.ac-test.fr", Sender: "zoe"}, 150},
			{Query{List: "profs@listes.ac-test.fr", Sender: "anne"}, 0},
			{Query{Since: time.Now().Add(-100 * time.Second)}, 100},
			{Query{Since: time.Now()}, 0},
		} {
			if got := count(c.query); got != c.want {
				t.Errorf("%+v: %d, want %d", c.query, got, c.want)
			}
		}
		store.set(errAway)
		for _, err := range Search(t.Context(), store, Query{}) {
			if !errors.Is(err, errAway) {
				t.Error(err)
			}
		}
	})
}

// TestFollow: each record that is stored from now on comes once, also after an outage of
// the store, which is told.
func TestFollow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &fake{}
		add := func(numbers ...int) {
			var records []Record
			for _, n := range numbers {
				records = append(records, Record{Time: time.Now(), Recipients: n, Sender: "anne"}, Record{Time: time.Now(), Sender: "zoe"})
			}
			if err := store.Append(t.Context(), records); err != nil {
				t.Error(err)
			}
			time.Sleep(2 * followEvery) //nolint:forbidigo // the bubble's clock
		}
		add(1)
		ctx, cancel := context.WithCancel(t.Context())
		var got []int
		away := 0
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			for r, err := range Follow(ctx, store, Query{Sender: "anne"}) {
				if err != nil {
					away++
					continue
				}
				got = append(got, r.Recipients)
			}
		}()
		synctest.Wait()
		var want []int
		for i := range pageSize {
			want = append(want, i)
		}
		add(want...)
		store.set(errAway)
		time.Sleep(3 * followEvery) //nolint:forbidigo // the bubble's clock
		store.set(nil)
		add(7)
		cancel()
		<-ended
		if want = append(want, 7); !slices.Equal(got, want) || away == 0 {
			t.Errorf("%v, %d times away", got, away)
		}
	})
}
