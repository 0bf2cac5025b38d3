package counter

import (
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rcptquota/rcptquota/quota"
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
		time.Sleep(openLife + time.Second) //nolint:forbidigo // the bubble's clock
		check(0)
		add("anne", 2*maxReleasesOfOne)
		check(maxReleasesOfOne)
	})
}
