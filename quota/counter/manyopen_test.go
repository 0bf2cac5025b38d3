package counter

import (
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rcptquota/rcptquota/quota"
)

// wide are windows that hold whatever a test sends.
var wide = []quota.Window{
	{Per: time.Hour, Recipients: 1_000_000, Count: quota.Distinct},
	{Per: time.Hour, Recipients: 10_000_000, Count: quota.Copies},
}

// openMany reserves as many messages as may be open at once, and more.
func openMany(t *testing.T, c quota.Counter) {
	t.Helper()
	reserve := func(id string) error {
		count, err := c.Reserve(t.Context(), &quota.Reservation{
			Ticket: quota.Ticket{Sender: "anne", ID: id}, Windows: wide, Recipients: addresses([]int{1, 2}), N: 2,
		})
		if err == nil && count.Exceeded >= 0 {
			t.Fatalf("%s: %+v", id, count)
		}
		return err
	}
	for i := range maxOpen {
		if err := reserve(fmt.Sprint(i)); err != nil {
			t.Fatalf("the message %d: %v", i, err)
		}
	}
	if err := reserve("toomany"); !errors.Is(err, quota.ErrTooManyOpen) {
		t.Errorf("one more: %v", err)
	}
	if err := reserve("7"); err != nil {
		t.Errorf("one of them again: %v", err)
	}
	for id, commit := range map[string]bool{"3": true, "5": false} {
		if err := c.Settle(t.Context(), quota.Ticket{Sender: "anne", ID: id}, commit); err != nil {
			t.Fatal(err)
		}
		if err := reserve("after" + id); err != nil {
			t.Errorf("after one was settled (commit: %v): %v", commit, err)
		}
	}
	if err := reserve("againtoomany"); !errors.Is(err, quota.ErrTooManyOpen) {
		t.Errorf("one more: %v", err)
	}
}

func TestLocalManyOpen(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		l := openLocal(t, dir)
		defer closeLocal(t, l)
		openMany(t, l)
		time.Sleep(crowdedLife + time.Second) //nolint:forbidigo // the bubble's clock
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
			recipients := set{digest(i): {}, digest(i + 1): {}, digest(7): {}}
			tally.reserve(int64(1+i), &quota.Reservation{Ticket: quota.Ticket{ID: fmt.Sprint(i)}, Windows: wide, N: 3}, recipients)
		}
		left := map[digest]int64{}
		released := map[int]bool{}
		for _, i := range order {
			tally.settle(fmt.Sprint(i), false)
			released[i] = true
		}
		for i := range 4 {
			if !released[i] {
				left[digest(i)], left[digest(i+1)], left[7] = int64(1+i), int64(1+i), int64(1+i)
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
