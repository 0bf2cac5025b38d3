package local

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rcptquota/rcptquota/quota"
	"github.com/rcptquota/rcptquota/quota/counter/countertest"
	"github.com/rcptquota/rcptquota/quota/counter/digest"
	"github.com/rcptquota/rcptquota/quota/counter/underway"
)

func TestManyOpen(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		l := openLocal(t, dir)
		defer closeLocal(t, l)
		countertest.ManyOpen(t, l)
		time.Sleep(underway.CrowdedLife + time.Second) //nolint:forbidigo // the bubble's clock
		if got := reserve(t, l, "later", 1); got.Exceeded != 1 {
			t.Errorf("those under way for long do not count: %+v", got)
		}
		if n := len(l.shard("anne").tally("anne").Open); n != 0 {
			t.Errorf("%d are open", n)
		}
	})
}

// A release leaves what it would be without its message, whatever the order.
func TestReleaseInAnyOrder(t *testing.T) {
	for _, order := range [][]int{{0, 1, 2, 3}, {3, 2, 1, 0}, {1, 0, 3, 2}, {2, 1, 0, 3}, {1, 2, 0}, {2, 3}} {
		var tally tally
		for i := range 4 { // each reaches some of those before
			recipients := set{digest.Digest(i): {}, digest.Digest(i + 1): {}, digest.Digest(7): {}}
			tally.reserve(int64(1+i), &quota.Reservation{Ticket: quota.Ticket{ID: fmt.Sprint(i)}, Windows: countertest.Generous, N: 3}, recipients)
		}
		left := map[digest.Digest]int64{}
		released := map[int]bool{}
		for _, i := range order {
			tally.settle(fmt.Sprint(i), false)
			released[i] = true
		}
		for i := range 4 {
			if !released[i] {
				left[digest.Digest(i)], left[digest.Digest(i+1)], left[7] = int64(1+i), int64(1+i), int64(1+i)
			}
		}
		if len(tally.Reached) != len(left) || len(tally.Copies) != 4-len(order) {
			t.Errorf("%v: %v", order, tally)
		}
		for i, e := range tally.Reached {
			if left[e.Digest] != e.At || i > 0 && e.At < tally.Reached[i-1].At {
				t.Errorf("%v: %d at %d: %v", order, e.Digest, e.At, tally.Reached)
			}
		}
	}
}
