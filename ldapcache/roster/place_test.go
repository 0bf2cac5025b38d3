package roster

import (
	"errors"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"
)

// TestPlace: what the roster has of a sender is told, now and from the next effect on.
func TestPlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // begins on Saturday, 1 January 2000, at 00:00 UTC
		source := &school{}
		for _, login := range []string{"anne", "bruno", "chloe", "dora"} {
			source.enter(login, "0310001A")
		}
		k, err := NewWeekly(DefaultConfig(), source, &memoryStore{}, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		if p := k.Place("anne"); p.Premium || !errors.Is(p.Doubt, errNotYet) || !p.Effect.IsZero() {
			t.Errorf("before the start: %+v", p)
		}
		start(t, k)
		if p := k.Place("anne"); !p.Premium || p.Doubt != nil || p.Designated.Establishment != "0310001A" || p.Lost != nil || p.Pending != nil || p.Effect.IsZero() {
			t.Errorf("anne: %+v", p)
		}
		if p := k.Place("dora"); p.Premium || p.Lost == nil || p.Designated != nil {
			t.Errorf("dora: %+v", p)
		}
		source.withdraw("anne")
		source.enter("emil", "0310002B")
		pass(4 * 24 * time.Hour) // Wednesday, 00:00: copied, and not in effect
		if p := k.Place("anne"); !p.Premium || p.Pending == nil || p.Pending.Premium || time.Until(p.Pending.Effect) != 9*time.Hour {
			t.Errorf("anne, taken out: %+v, then %+v", p, p.Pending)
		}
		if p := k.Place("dora"); p.Premium || p.Lost == nil || p.Pending == nil || !p.Pending.Premium {
			t.Errorf("dora, moving up: %+v, then %+v", p, p.Pending)
		}
		if p := k.Place("emil"); p.Premium || p.Designated != nil || p.Pending == nil || p.Pending.Designated.Establishment != "0310002B" {
			t.Errorf("emil, new: %+v, then %+v", p, p.Pending)
		}
		pass(10 * time.Hour)
		if p := k.Place("emil"); !p.Premium || p.Pending != nil {
			t.Errorf("emil, in effect: %+v", p)
		}
	})
}
