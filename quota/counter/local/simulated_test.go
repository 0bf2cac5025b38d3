package local

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/rcptquota/rcptquota/quota"
)

// simulatedMessage is one of a sender's to those recipients, in two windows of an hour.
func simulatedMessage(sender, id string, recipients ...string) *quota.Reservation {
	return &quota.Reservation{
		Ticket: quota.Ticket{Sender: sender, ID: id},
		Windows: []quota.Window{
			{Per: time.Hour, Recipients: 3},
			{Per: time.Hour, Recipients: 5, Count: quota.Copies},
		},
		Recipients: slices.Values(recipients), N: len(recipients),
	}
}

// Windows of a past time are counted at that time.
func TestSimulatedRunsOnItsOwnClock(t *testing.T) {
	s := NewSimulated()
	start := time.Date(2025, 1, 2, 3, 4, 5, 0, time.UTC)
	for i, c := range []struct {
		after      time.Duration
		recipients []string
		exceeded   int
		used       int
	}{
		{0, []string{"a", "b", "c"}, -1, 0},
		{time.Minute, []string{"d"}, 0, 3},
		{2 * time.Minute, []string{"a", "b"}, -1, 0},
		{3 * time.Minute, []string{"a"}, 1, 5},
		{time.Hour + time.Second, []string{"d"}, -1, 0}, // "c" and three copies have left
	} {
		s.SetTime(start.Add(c.after))
		r := simulatedMessage("anne", fmt.Sprint("m", i), c.recipients...)
		count, err := s.Reserve(t.Context(), r)
		if err != nil || count.Exceeded != c.exceeded || count.Used != c.used {
			t.Errorf("%d: %+v, %v", i, count, err)
		}
		if err := s.Settle(t.Context(), r.Ticket, true); err != nil {
			t.Error(err)
		}
	}
	s.SetTime(start.Add(3 * time.Hour))
	if s.Forget(); s.Has("anne") {
		t.Error("what no window holds is remembered")
	}
}

// A copy goes its own way; a message that does not fit can be added.
func TestSimulatedCopyAndAdd(t *testing.T) {
	s := NewSimulated()
	s.SetTime(time.Unix(1e9, 0))
	if _, err := s.Reserve(t.Context(), simulatedMessage("anne", "m1", "a", "b")); err != nil {
		t.Fatal(err)
	}
	more := s.Twin()
	more.SetTime(time.Unix(1e9, 0))
	s.CopyTo(more, "anne")
	more.Add(simulatedMessage("anne", "m2", "c", "d"))
	for name, c := range map[string]struct {
		counter *Simulated
		want    int
	}{"original": {s, -1}, "copy": {more, 0}} {
		if count, err := c.counter.Reserve(t.Context(), simulatedMessage("anne", "m3", "e")); err != nil || count.Exceeded != c.want {
			t.Errorf("%s: %+v, %v", name, count, err)
		}
	}
}

// A copy that changes what a reservation replaced leaves that of the original alone.
func TestSimulatedCopyOfReplaced(t *testing.T) {
	s, other := NewSimulated(), NewSimulated()
	s.tallies["anne"] = &tally{Open: []reservation{{ID: "m2", At: 20, Replaced: []reach{{Digest: 1, At: 10}}}}, Last: 20}
	s.CopyTo(other, "anne")
	other.tallies["anne"].release(&reservation{ID: "m1", At: 10, Replaced: []reach{{Digest: 1, At: 5}}})
	if got := s.tallies["anne"].Open[0].Replaced; len(got) != 1 || got[0].At != 10 {
		t.Errorf("the original has %+v", got)
	}
}
