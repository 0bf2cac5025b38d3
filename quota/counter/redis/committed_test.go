package redis

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rcptquota/rcptquota/quota"
	"github.com/rcptquota/rcptquota/quota/counter/underway"
)

func TestCommitted(t *testing.T) {
	var s committed
	if ids := s.take("anne"); len(ids) != 0 || s.has(quota.Ticket{Sender: "anne"}) {
		t.Errorf("at first: %v", ids)
	}
	s.add("anne", "a")
	s.add("anne", "b", "c")
	s.add("anne")
	if !s.has(quota.Ticket{Sender: "anne", ID: "b"}) || s.has(quota.Ticket{Sender: "bertrand", ID: "b"}) {
		t.Error("not remembered, or too much")
	}
	if ids := s.take("anne"); !slices.Equal(ids, []string{"a", "b", "c"}) || len(s.take("anne")) != 0 {
		t.Errorf("taken: %v", ids)
	}
	for i := range 2 * committedIDs {
		s.add("anne", fmt.Sprint(i))
	}
	ids := s.take("anne")
	if len(ids) != committedIDs {
		t.Errorf("%d ids of one sender", len(ids))
	}
	s.add("anne", "a")
	if s.add("anne", ids...); len(s.take("anne")) != committedIDs { // those of a command that failed
		t.Error("more ids of one sender when several come at once")
	}
}

func TestCommittedIsBounded(t *testing.T) {
	var s committed
	for i := range 5 * committedSenders {
		s.add(fmt.Sprint(i), "a")
	}
	if len(s.new)+len(s.old) > 2*committedSenders || len(s.take(fmt.Sprint(5*committedSenders-1))) != 1 {
		t.Errorf("%d and %d senders", len(s.new), len(s.old))
	}
}

func TestCommittedForgets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s committed
		s.add("anne", "a")
		time.Sleep(underway.Life + time.Second) //nolint:forbidigo // the bubble's clock
		s.add("bertrand", "b")
		if len(s.old["anne"]) != 1 {
			t.Error("forgotten too early")
		}
		time.Sleep(underway.Life + time.Second) //nolint:forbidigo // the bubble's clock
		s.add("chloé", "c")
		if len(s.take("anne")) != 0 || len(s.take("bertrand")) != 1 {
			t.Error("not forgotten, or too early")
		}
	})
}
