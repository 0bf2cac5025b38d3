package counter

import (
	"flag"
	"fmt"
	"iter"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/rcptquota/rcptquota/quota"
)

var steps = flag.Int("steps", 50_000, "how many steps the naive model is compared for")

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

func addresses(people []int) iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, p := range people {
			if !yield(fmt.Sprintf("r%d@example.org", p)) {
				return
			}
		}
	}
}

// rulebooks are sets of windows that the steps are tried with; unit is the
// length of the shortest period.
func rulebooks(unit time.Duration) [][]quota.Window {
	distinct := func(per time.Duration, n int) quota.Window {
		return quota.Window{Per: per, Recipients: n, Count: quota.Distinct}
	}
	copies := func(per time.Duration, n int) quota.Window {
		return quota.Window{Per: per, Recipients: n, Count: quota.Copies}
	}
	return [][]quota.Window{
		{distinct(unit, 10)},
		{copies(unit, 12)},
		{distinct(unit, 8), distinct(5*unit, 20)},
		{copies(unit, 9), distinct(3*unit, 15), copies(10*unit, 40)},
	}
}

// compare plays random reservations, retries, settlements and pauses to the
// counter, and to the model, which is told only at what time the counter
// decided.
func compare(t *testing.T, c quota.Counter, unit time.Duration, steps int, pause func(time.Duration)) {
	t.Helper()
	random := rand.New(rand.NewPCG(1, uint64(steps)))
	type sender struct {
		name    string
		classes [][]quota.Window // one of them is the sender's class for a message
		model   model
	}
	var senders []*sender
	var keep quota.Retention
	for i, windows := range rulebooks(unit) {
		senders = append(senders, &sender{name: fmt.Sprintf("sender%d", i), classes: [][]quota.Window{windows}})
		keep = keep.With(windows)
	}
	senders = append(senders, &sender{name: "changing", classes: rulebooks(unit)})
	refused := 0
	for step := range steps {
		s := senders[random.IntN(len(senders))]
		switch open := openOnes(&s.model); {
		case len(open) > 6 || len(open) > 0 && random.IntN(4) == 0: // settle one, perhaps twice
			r, committed := open[random.IntN(len(open))], random.IntN(3) > 0
			for range 1 + random.IntN(2) {
				if err := c.Settle(t.Context(), r.r.Ticket, committed); err != nil {
					t.Fatal(err)
				}
			}
			r.open = false
			if !committed {
				s.model.remove(r)
			}
		case len(open) > 0 && random.IntN(10) == 0: // retry one
			r := open[random.IntN(len(open))]
			got, err := c.Reserve(t.Context(), &r.r)
			if err != nil || got.Exceeded != -1 || got.At.UnixMicro() != r.at {
				t.Fatalf("step %d: retried: %+v, %v; reserved at %d", step, got, err, r.at)
			}
		default:
			people := random.Perm(25)[:1+random.IntN(8)]
			windows := s.classes[random.IntN(len(s.classes))]
			m := &modelReservation{recipients: people, open: true, r: quota.Reservation{
				Ticket:  quota.Ticket{Sender: s.name, ID: fmt.Sprint(step)},
				Windows: windows, Keep: keep, Recipients: addresses(people), N: len(people),
			}}
			count, err := c.Reserve(t.Context(), &m.r)
			if err != nil {
				t.Fatal(err)
			}
			got := decision{at: count.At.UnixMicro(), exceeded: count.Exceeded, used: count.Used}
			if count.Exceeded >= 0 {
				got.retryAt = count.RetryAt.UnixMicro()
				refused++
			}
			if want := s.model.decide(windows, people, got.at); got != want {
				t.Fatalf("step %d: %d recipients: got %+v, want %+v", step, len(people), got, want)
			}
			if got.exceeded < 0 {
				m.at = got.at
				s.model.reservations = append(s.model.reservations, m)
			}
			s.model.forget(got.at - 10*unit.Microseconds())
		}
		if random.IntN(3) == 0 {
			pause(time.Duration(random.Int64N(int64(unit) / 2)))
		}
	}
	if refused < steps/20 {
		t.Errorf("only %d of %d steps met a full window", refused, steps)
	}
}

func openOnes(m *model) []*modelReservation {
	var open []*modelReservation
	for _, r := range m.reservations {
		if r.open {
			open = append(open, r)
		}
	}
	return open
}
