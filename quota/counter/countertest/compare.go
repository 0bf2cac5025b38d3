package countertest

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

	"github.com/rcptquota/rcptquota/quota"
)

// Compare plays random reservations, retries, settlements and pauses to the
// counter, and to the model, which is told only at what time the counter
// decided. In between it asks the counter without counting. The shortest period of a
// window is unit.
func Compare(t *testing.T, c Store, unit time.Duration, steps int, pause func(time.Duration)) {
	t.Helper()
	p := &player{T: t, counter: c, unit: unit, random: rand.New(rand.NewPCG(1, uint64(steps)))}
	for i, windows := range Rulebooks(unit) {
		p.senders = append(p.senders, &sender{name: fmt.Sprintf("sender%d", i), classes: [][]quota.Window{windows}})
		p.keep = p.keep.With(windows)
	}
	p.senders = append(p.senders, &sender{name: "changing", classes: Rulebooks(unit)})
	for step := range steps {
		p.play(step)
		if p.random.IntN(3) == 0 {
			pause(time.Duration(p.random.Int64N(int64(unit) / 2)))
		}
	}
	if p.refused < steps/20 {
		t.Errorf("only %d of %d steps met a full window", p.refused, steps)
	}
}

// player plays the steps of [Compare].
type player struct {
	*testing.T
	counter Store
	unit    time.Duration
	random  *rand.Rand
	senders []*sender
	keep    quota.Retention
	refused int // messages
}

type sender struct {
	name    string
	classes [][]quota.Window // one of them is the sender's class for a message
	model   model
}

func (p *player) play(step int) {
	p.Helper()
	s := p.senders[p.random.IntN(len(p.senders))]
	switch open := s.model.open(); {
	case len(open) > 6 || len(open) > 0 && p.random.IntN(4) == 0:
		p.settle(s, open[p.random.IntN(len(open))])
	case len(open) > 0 && p.random.IntN(10) == 0:
		p.retry(step, open[p.random.IntN(len(open))])
	default:
		p.reserve(step, s)
	}
}

// settle commits or releases a reservation, perhaps twice.
func (p *player) settle(s *sender, r *modelReservation) {
	p.Helper()
	committed := p.random.IntN(3) > 0
	for range 1 + p.random.IntN(2) {
		MustSettle(p, p.counter, r.r.Ticket, committed)
	}
	r.open = false
	if !committed {
		s.model.remove(r)
	}
}

func (p *player) retry(step int, r *modelReservation) {
	p.Helper()
	got, err := p.counter.Reserve(p.Context(), &r.r)
	if err != nil || got.Exceeded != -1 || got.At.UnixMicro() != r.at {
		p.Fatalf("step %d: retried: %+v, %v; reserved at %d", step, got, err, r.at)
	}
}

func (p *player) reserve(step int, s *sender) {
	p.Helper()
	people := p.random.Perm(25)[:1+p.random.IntN(8)]
	windows := s.classes[p.random.IntN(len(s.classes))]
	m := &modelReservation{recipients: people, open: true, r: *ToReserve(s.name, fmt.Sprint(step), windows, people)}
	m.r.Keep = p.keep
	if p.random.IntN(2) == 0 {
		p.ask(step, s, m)
	}
	count, err := p.counter.Reserve(p.Context(), &m.r)
	if err != nil {
		p.Fatal(err)
	}
	got := decisionOf(count)
	if count.Exceeded >= 0 {
		p.refused++
	}
	if want := s.model.decide(windows, people, got.at); got != want {
		p.Fatalf("step %d: %d recipients: got %+v, want %+v", step, len(people), got, want)
	}
	if got.exceeded < 0 {
		m.at = got.at
		s.model.reservations = append(s.model.reservations, m)
	}
	s.model.forget(got.at - 10*p.unit.Microseconds())
}

// ask tries a message that is not yet reserved, and asks what its windows hold.
func (p *player) ask(step int, s *sender, m *modelReservation) {
	p.Helper()
	count, err := p.counter.Try(p.Context(), &m.r)
	if err != nil {
		p.Fatal(err)
	}
	got := decisionOf(count)
	if want := s.model.decide(m.r.Windows, m.recipients, got.at); got != want {
		p.Fatalf("step %d: %d recipients: tried: %+v, want %+v", step, len(m.recipients), got, want)
	}
	parts := p.random.IntN(12)
	u, err := p.counter.Usage(p.Context(), s.name, m.r.Windows, parts)
	if err != nil {
		p.Fatal(err)
	}
	if want := s.model.usage(m.r.Windows, parts, u.At); !reflect.DeepEqual(u, want) {
		p.Fatalf("step %d: used, in %d parts: %+v, want %+v", step, parts, u, want)
	}
}
