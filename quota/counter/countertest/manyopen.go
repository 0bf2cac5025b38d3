package countertest

import (
	"errors"
	"fmt"
	"testing"

	"github.com/rcptquota/rcptquota/quota"
	"github.com/rcptquota/rcptquota/quota/counter/underway"
)

// ManyOpen reserves as many messages as may be open at once, and more.
func ManyOpen(t *testing.T, c quota.Counter) {
	t.Helper()
	reserve := func(id string) error {
		count, err := c.Reserve(t.Context(), ToReserve("anne", id, Generous, People(1, 3)))
		if err == nil && count.Exceeded >= 0 {
			t.Fatalf("%s: %+v", id, count)
		}
		return err
	}
	for i := range underway.Most {
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
