package counter

import (
	"fmt"
	"slices"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rcptquota/rcptquota/quota"
	"github.com/rcptquota/rcptquota/quota/counter/underway"
)

// Who gives up messages without number while Redis is away takes no place from others,
// and what was released or is too old makes room.
func TestReleasesOfOneSender(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var r releases
		add := func(sender string, n int) {
			for i := range n {
				r.add(quota.Ticket{Sender: sender, ID: strconv.Itoa(i)})
			}
		}
		check := func(want int) {
			t.Helper()
			if n := len(r.all()); n != want {
				t.Errorf("%d wait, want %d", n, want)
			}
		}
		add("anne", 2*maxReleases)
		add("bertrand", 10)
		check(maxReleasesOfOne + 10)
		first := quota.Ticket{Sender: "anne", ID: "0"}
		r.done(first)
		r.done(first)
		check(maxReleasesOfOne + 9)
		r.add(first)
		r.add(first)
		check(maxReleasesOfOne + 10)
		time.Sleep(underway.Life + time.Second) //nolint:forbidigo // the bubble's clock
		check(0)
		add("anne", 2*maxReleasesOfOne)
		check(maxReleasesOfOne)
	})
}

func TestReleasesWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var r releases
		a, b := quota.Ticket{Sender: "anne", ID: "a"}, quota.Ticket{Sender: "anne", ID: "b"}
		r.add(a)
		r.add(a)
		r.add(b)
		if all := r.all(); len(all) != 2 {
			t.Errorf("waiting: %v", all)
		}
		if r.done(b); !slices.Equal(r.all(), []quota.Ticket{a}) {
			t.Errorf("waiting: %v", r.all())
		}
		time.Sleep(underway.Life + time.Second) //nolint:forbidigo // the bubble's clock
		if len(r.all()) != 0 {
			t.Error("kept for ever")
		}
		for i := range maxReleases + 10 {
			r.add(quota.Ticket{Sender: fmt.Sprint("sender", i%1000), ID: fmt.Sprint(i)})
		}
		if n := len(r.all()); n != maxReleases {
			t.Errorf("%d wait", n)
		}
	})
}
