package counter

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rcptquota/rcptquota/quota"
)

func TestStood(t *testing.T) {
	var s stood
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
	for i := range 2 * stoodIDs {
		s.add("anne", fmt.Sprint(i))
	}
	if ids := s.take("anne"); len(ids) != stoodIDs {
		t.Errorf("%d ids of one sender", len(ids))
	}
}

func TestStoodIsBounded(t *testing.T) {
	var s stood
	for i := range 5 * stoodSenders {
		s.add(fmt.Sprint(i), "a")
	}
	if len(s.new)+len(s.old) > 2*stoodSenders || len(s.take(fmt.Sprint(5*stoodSenders-1))) != 1 {
		t.Errorf("%d and %d senders", len(s.new), len(s.old))
	}
}

func TestStoodForgets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const life = settleWithin * time.Microsecond
		var s stood
		s.add("anne", "a")
		time.Sleep(life + time.Second) //nolint:forbidigo // the bubble's clock
		s.add("bertrand", "b")
		if len(s.old["anne"]) != 1 {
			t.Error("forgotten too early")
		}
		time.Sleep(life + time.Second) //nolint:forbidigo // the bubble's clock
		s.add("chloé", "c")
		if len(s.take("anne")) != 0 || len(s.take("bertrand")) != 1 {
			t.Error("not forgotten, or too early")
		}
	})
}

func TestReleasesWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var r releases
		a := quota.Ticket{Sender: "anne", ID: "a"}
		r.add(a, true)
		r.add(a, false)
		if all := r.all(); len(all) != 1 || !all[0].Lost {
			t.Errorf("waiting: %v", all)
		}
		first := r.all()[0]
		time.Sleep(time.Second) //nolint:forbidigo // the bubble's clock
		r.add(a, false)
		if r.done(first); len(r.all()) != 1 {
			t.Error("the later one was taken for done")
		}
		if r.done(r.all()[0]); len(r.all()) != 0 {
			t.Error("not done")
		}
		r.add(a, false)
		time.Sleep(settleWithin*time.Microsecond + time.Second) //nolint:forbidigo // the bubble's clock
		if len(r.all()) != 0 {
			t.Error("kept for ever")
		}
	})
}
