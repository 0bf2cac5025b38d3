package service

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rcptquota/rcptquota/quota"
	"github.com/rcptquota/rcptquota/quota/counter/usage"
)

// crowd is a store with many senders: "sN" has used N of a limit of 1,000,000.
type crowd struct {
	n     int
	slow  time.Duration // of each answer
	err   error         // of the listing, at its end
	twice bool          // each is listed twice
}

func (c *crowd) Senders(ctx context.Context) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for _, i := range []int{0, 1} {
			if i == 1 && !c.twice {
				break
			}
			for n := range c.n {
				if err := ctx.Err(); !yield(fmt.Sprintf("s%07d", n), err) || err != nil {
					return
				}
			}
		}
		if c.err != nil {
			yield("", c.err)
		}
	}
}

func (c *crowd) Usage(ctx context.Context, sender string, _ []quota.Window, _ int) (usage.Sender, error) {
	if c.slow > 0 {
		select {
		case <-time.After(c.slow):
		case <-ctx.Done():
			return usage.Sender{}, ctx.Err()
		}
	}
	var n int
	if _, err := fmt.Sscanf(sender, "s%d", &n); err != nil {
		return usage.Sender{}, err
	}
	return usage.Sender{Windows: []usage.Window{
		{Window: quota.Window{Per: time.Hour, Recipients: 1_000_000}, Used: n},
		{Window: quota.Window{Per: 2 * time.Hour, Recipients: 10_000_000}, Used: n},
	}}, nil
}

func TestReportHasTheFullest(t *testing.T) {
	for _, twice := range []bool{false, true} {
		r := report(t.Context(), &crowd{n: 5000, twice: twice}, 3, time.Minute)
		var names []string
		for i := range r.Senders {
			names = append(names, r.Senders[i].Sender)
		}
		if got := strings.Join(names, " "); got != "s0004999 s0004998 s0004997" || !r.Complete || r.Using < 4999 {
			t.Errorf("%s; %+v", got, r)
		}
	}
}

// However many senders there are, only the fullest are kept.
func TestReportIsBounded(t *testing.T) {
	n := 200_000
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	r := report(t.Context(), &crowd{n: n}, 20, time.Hour)
	runtime.GC()
	runtime.ReadMemStats(&after)
	if r.Counted != n || r.Using != n-1 || len(r.Senders) != 20 || !r.Complete {
		t.Errorf("%d counted, %d using, %d told", r.Counted, r.Using, len(r.Senders))
	}
	if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 10<<20 {
		t.Errorf("the heap grew by %d bytes", grown)
	}
}

// What cannot be looked at in time, or at all, is told.
func TestReportTellsWhatIsMissing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := report(t.Context(), &crowd{n: 1000, slow: time.Second}, 20, 30*time.Second)
		if r.Complete || !strings.Contains(r.Problem, "more senders than can be looked at in 30s") || r.Counted == 0 || r.Counted >= 1000 {
			t.Errorf("%+v", r)
		}
	})
	r := report(t.Context(), &crowd{n: 10, err: errors.New("Redis is away")}, 20, time.Minute)
	if r.Complete || r.Problem != "Redis is away" || len(r.Senders) != 9 {
		t.Errorf("%+v", r)
	}
}

// A sender of whom nothing is counted is left out, and what a relay counted alone is seen.
func TestFullest(t *testing.T) {
	u := SenderUsage{
		Windows: []WindowUsage{{Limit: 10, Used: 1}, {Limit: 100, Used: 50}},
		Alone:   []WindowUsage{{Limit: 10, Used: 9}},
	}
	if w := u.Fullest(); w.Used != 9 {
		t.Errorf("%+v", w)
	}
	if w := (&SenderUsage{}).Fullest(); w != nil {
		t.Errorf("%+v", w)
	}
}
