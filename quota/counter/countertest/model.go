package countertest

import (
	"flag"
	"maps"
	"slices"
	"time"

	"github.com/rcptquota/rcptquota/quota"
	"github.com/rcptquota/rcptquota/quota/counter/usage"
)

// Steps is how many steps the naive model is compared for.
var Steps = flag.Int("steps", 50_000, "how many steps the naive model is compared for")

// model counts by brute force: it has every reservation with its time, and
// looks through all of them.
type model struct {
	reservations []*modelReservation
}

type modelReservation struct {
	r          quota.Reservation
	recipients []int
	at         int64
	open       bool
}

// used is how many recipients the window holds at the time now.
func (m *model) used(w *quota.Window, now int64) int {
	n, reached := 0, map[int]bool{}
	for _, r := range m.live(w, now) {
		n += len(r.recipients)
		for _, p := range r.recipients {
			reached[p] = true
		}
	}
	if w.Count == quota.Distinct {
		return len(reached)
	}
	return n
}

func (m *model) live(w *quota.Window, now int64) []*modelReservation {
	var live []*modelReservation
	for _, r := range m.reservations {
		if r.at > now-w.Per.Microseconds() {
			live = append(live, r)
		}
	}
	return live
}

// fits reports whether the window would hold the message too.
func (m *model) fits(w *quota.Window, recipients []int, now int64) bool {
	with := model{append(slices.Clone(m.reservations), &modelReservation{recipients: recipients, at: now})}
	return with.used(w, now) <= w.Recipients
}

// retryAt is the first time from now on at which the window holds the message
// too: now, or when some reservation leaves.
func (m *model) retryAt(w *quota.Window, recipients []int, now int64) int64 {
	times := []int64{now}
	for _, r := range m.live(w, now) {
		times = append(times, r.at+w.Per.Microseconds())
	}
	slices.Sort(times)
	i := slices.IndexFunc(times, func(at int64) bool { return m.fits(w, recipients, at) })
	return times[i]
}

// decision is a [quota.Count] in microseconds.
type decision struct {
	at       int64
	exceeded int
	used     int
	retryAt  int64
}

func decisionOf(c quota.Count) decision {
	d := decision{at: c.At.UnixMicro(), exceeded: c.Exceeded, used: c.Used}
	if c.Exceeded >= 0 {
		d.retryAt = c.RetryAt.UnixMicro()
	}
	return d
}

func (m *model) decide(windows []quota.Window, recipients []int, now int64) decision {
	d := decision{at: now, exceeded: -1}
	for i, w := range windows {
		if at := m.retryAt(&w, recipients, now); at > now && at > d.retryAt {
			d.exceeded, d.used, d.retryAt = i, m.used(&w, now), at
		}
	}
	return d
}

func (m *model) forget(before int64) {
	m.reservations = slices.DeleteFunc(m.reservations, func(r *modelReservation) bool { return r.at < before && !r.open })
}

func (m *model) remove(r *modelReservation) {
	m.reservations = slices.DeleteFunc(m.reservations, func(o *modelReservation) bool { return o == r })
}

func (m *model) open() []*modelReservation {
	var open []*modelReservation
	for _, r := range m.reservations {
		if r.open {
			open = append(open, r)
		}
	}
	return open
}

// usage is what a store should answer at a time.
func (m *model) usage(windows []quota.Window, parts int, at time.Time) usage.Sender {
	u := usage.Sender{At: at, Open: len(m.open())}
	for _, w := range windows {
		u.Windows = append(u.Windows, m.windowUsage(w, parts, at.UnixMicro()))
	}
	return u
}

func (m *model) windowUsage(w quota.Window, parts int, now int64) usage.Window {
	u := usage.Window{Window: w, Used: m.used(&w, now)}
	per := w.Per.Microseconds()
	freed := map[int64]usage.Freed{} // by part of the period
	last := map[int]*modelReservation{}
	hold := func(r *modelReservation, n int) {
		if r.open {
			u.Open += n
		}
		if parts == 0 {
			return
		}
		part := (r.at + per - now - 1) * int64(parts) / per
		f := freed[part]
		freed[part] = usage.Freed{At: time.UnixMicro(max(r.at+per, f.At.UnixMicro())), N: f.N + n}
	}
	for _, r := range m.live(&w, now) {
		if w.Count == quota.Copies {
			hold(r, len(r.recipients))
			continue
		}
		for _, p := range r.recipients { // the reservations are in the order of time
			last[p] = r
		}
	}
	for _, r := range last {
		hold(r, 1)
	}
	for _, part := range slices.Sorted(maps.Keys(freed)) {
		u.Frees = append(u.Frees, freed[part])
	}
	return u
}
