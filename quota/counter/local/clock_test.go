package local

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/rcptquota/rcptquota/quota"
	"github.com/rcptquota/rcptquota/quota/counter/underway"
)

// A clock that was days ahead, and is right again, blocks nobody: what was counted
// meanwhile counts from now on, and leaves its windows in time.
func TestAfterAClockAhead(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		l := openLocal(t, dir)
		defer closeLocal(t, l)
		time.Sleep(48 * time.Hour) //nolint:forbidigo // the bubble's clock
		reserve(t, l, "ahead", 1, 2, 3, 4, 5, 6)
		time.Sleep(30 * time.Minute) //nolint:forbidigo // the bubble's clock
		reserve(t, l, "open", 5, 6, 7, 8)
	})
	synctest.Test(t, func(t *testing.T) { // a bubble's clock begins in 2000
		l := openLocal(t, dir)
		defer closeLocal(t, l)
		now := time.Now()
		got := reserve(t, l, "full", 11, 12, 13)
		if want := now.Add(30 * time.Minute); got.Exceeded != 0 || got.Used != 8 || got.RetryAt.Sub(want).Abs() > time.Minute {
			t.Errorf("at %v: %+v; room from %v on", now, got, want)
		}
		if err := l.Settle(t.Context(), quota.Ticket{Sender: "anne", ID: "open"}, false); err != nil {
			t.Fatal(err)
		}
		if got := reserve(t, l, "fits", 11, 12, 13, 14); got.Exceeded != -1 || got.At.After(now.Add(time.Minute)) {
			t.Errorf("after the release: %+v", got)
		}
		time.Sleep(underway.Life + 2*time.Hour) //nolint:forbidigo // the bubble's clock
		l.sweep(time.Now())
		if l.knows("anne") {
			t.Error("remembered for ever")
		}
	})
}

// Times that are ahead by less than the tolerance stay: no two reservations share one.
func TestClockSetBack(t *testing.T) {
	var tally tally
	at := time.Now().UnixMicro()
	send := func(now int64, id string) decision {
		r := &quota.Reservation{Ticket: quota.Ticket{ID: id}, Windows: anHour, N: 1}
		return tally.reserve(now, r, set{1: {}})
	}
	first := send(at, "a")
	if d := send(at-underway.ClockTolerance.Microseconds(), "b"); d.at != first.at+1 {
		t.Errorf("after %d: %+v", first.at, d)
	}
	if d := send(at-underway.ClockTolerance.Microseconds()-100, "c"); d.at > at || tally.Open[0].At >= tally.Open[1].At {
		t.Errorf("after %d: %+v; %v", first.at, d, tally.Open)
	}
}
