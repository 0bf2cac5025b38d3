package roster

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func pass(d time.Duration) {
	time.Sleep(d) //nolint:forbidigo // costs no time
	synctest.Wait()
}

// start starts a keeper, until the end of the test.
func start(t testing.TB, k *Keeper) {
	t.Helper()
	t.Cleanup(func() {
		if err := k.Close(); err != nil {
			t.Error(err)
		}
	})
	k.Start(t.Context())
}

func expect(t *testing.T, k *Keeper, sender string, premium bool, doubt error) {
	t.Helper()
	if got, err := k.Premium(sender); got != premium || !errors.Is(err, doubt) || (err == nil) != (doubt == nil) {
		t.Errorf("%s at %v: %v, %v; want %v, %v", sender, time.Now(), got, err, premium, doubt)
	}
}

func TestImmediate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source, log := &school{}, &logBuffer{}
		source.enter("anne", "0310001A")
		k := NewImmediate(DefaultConfig(), source, &memoryStore{}, 5*time.Minute, 24*time.Hour, slog.New(slog.NewTextHandler(log, nil)))
		expect(t, k, "anne", false, errNotYet)
		start(t, k)
		expect(t, k, "anne", true, nil)
		for _, login := range []string{"dora", "chloe", "bruno"} {
			source.enter(login, "0310001A")
		}
		pass(6 * time.Minute)
		expect(t, k, "chloe", true, nil)
		expect(t, k, "dora", false, nil)
		source.withdraw("anne")
		pass(6 * time.Minute)
		expect(t, k, "anne", false, nil)
		expect(t, k, "dora", true, nil)
		pass(time.Hour)
		if lost, effects := log.lines("msg=roster_over_limit sender=dora "), log.lines("msg=roster_in_effect roster=immediate "); lost != 1 || effects != 3 {
			t.Errorf("named %d times, in effect %d times:\n%s", lost, effects, log.String())
		}
	})
}

func TestImmediateWithTheDirectoryAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source, log := &school{}, &logBuffer{}
		source.enter("anne", "0310001A")
		k := NewImmediate(DefaultConfig(), source, &memoryStore{}, 5*time.Minute, 24*time.Hour, slog.New(slog.NewTextHandler(log, nil)))
		start(t, k)
		source.set(func(s *school) { s.away = true })
		pass(9 * time.Minute)
		expect(t, k, "anne", true, nil)
		expect(t, k, "bruno", false, nil)
		pass(2 * time.Minute)
		expect(t, k, "anne", true, errDirectoryAway)
		expect(t, k, "bruno", false, errDirectoryAway)
		pass(23 * time.Hour)
		expect(t, k, "anne", true, errDirectoryAway)
		pass(time.Hour)
		expect(t, k, "anne", false, errDirectoryAway)
		if k.InEffect() != nil {
			t.Error("the copy of yesterday is in effect")
		}
		source.set(func(s *school) { s.away = false })
		pass(6 * time.Minute)
		expect(t, k, "anne", true, nil)
		if away, back := log.lines("level=WARN msg=roster_unavailable error="), log.lines("msg=roster_available"); away != 1 || back != 1 {
			t.Errorf("said to be away %d times, and back %d times:\n%s", away, back, log.String())
		}
	})
}

func TestADamagedStore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source, store := &school{}, &memoryStore{text: []byte("{")}
		source.enter("anne", "0310001A")
		k, err := NewWeekly(DefaultConfig(), source, store, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		start(t, k)
		expect(t, k, "anne", false, errDamaged)
		if _, _, err := Refresh(t.Context(), DefaultConfig(), source, store, slog.New(slog.DiscardHandler)); err != nil {
			t.Fatal(err)
		}
		pass(12 * time.Second)
		expect(t, k, "anne", true, nil)
		// What a relay knows already, it goes on with for a while.
		store.set(func(s *memoryStore) { s.text = []byte("{") })
		pass(12 * time.Second)
		expect(t, k, "anne", true, nil)
		pass(2 * time.Minute)
		expect(t, k, "anne", true, errDamaged)
	})
}

// TestARefreshGivesWay: what another relay stores meanwhile is replaced, too, but
// not without end.
func TestARefreshGivesWay(t *testing.T) {
	source, store := &school{}, &restless{}
	source.enter("anne", "0310001A")
	store.restless = 2
	if c, _, err := Refresh(t.Context(), DefaultConfig(), source, store, slog.New(slog.DiscardHandler)); err != nil || len(c.Elected) != 1 {
		t.Errorf("%+v, %v", c, err)
	}
	if s, err := Read(t.Context(), store); err != nil || s.Current.Reason != Refreshed || s.Pending != nil {
		t.Errorf("stored: %+v, %v", s, err)
	}
	store.restless = 100
	if _, _, err := Refresh(t.Context(), DefaultConfig(), source, store, slog.New(slog.DiscardHandler)); err == nil || !strings.Contains(err.Error(), "try again") {
		t.Errorf("of a store that never rests: %v", err)
	}
}

// restless is a store that changes after a read, so many times.
type restless struct {
	memoryStore
	restless int
}

func (r *restless) Load(ctx context.Context) ([]byte, time.Time, error) {
	text, clock, err := r.memoryStore.Load(ctx)
	if r.restless > 0 {
		r.restless--
		r.set(func(s *memoryStore) { s.text = append(slices.Clip(s.text), 'x') })
	}
	return text, clock, err
}

func TestPremiumAllocatesNothing(t *testing.T) {
	source := &school{}
	source.enter("anne", "0310001A")
	k, err := NewWeekly(DefaultConfig(), source, &memoryStore{}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	start(t, k)
	d := Directory{source, k}
	if n := testing.AllocsPerRun(100, func() {
		if s, err := d.Sender(t.Context(), "anne"); err != nil || !s.Premium || s.Doubt != nil {
			t.Errorf("%+v, %v", s, err)
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkSender(b *testing.B) {
	source := &school{}
	source.enter("anne", "0310001A")
	k, err := NewWeekly(DefaultConfig(), source, &memoryStore{}, slog.New(slog.DiscardHandler))
	if err != nil {
		b.Fatal(err)
	}
	start(b, k)
	d := Directory{source, k}
	b.ReportAllocs()
	for b.Loop() {
		if s, err := d.Sender(b.Context(), "anne"); err != nil || !s.Premium {
			b.Fatal(s, err)
		}
	}
}

// lossy is a store whose first answer to a Swap is lost.
type lossy struct {
	memoryStore
	lost bool
}

func (l *lossy) Swap(ctx context.Context, old, next []byte) (bool, error) {
	swapped, err := l.memoryStore.Swap(ctx, old, next)
	if !l.lost {
		l.lost = true
		return false, errStoreAway
	}
	return swapped, err
}

func TestACopyWhoseAnswerIsLostIsToldOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source, log := &school{gone: []string{"uid=gone", "uid=gone"}}, &logBuffer{}
		for _, login := range []string{"anne", "bruno", "chloe", "dora"} {
			source.enter(login, "0310001A")
		}
		source.enter("emma", "")
		k, err := NewWeekly(DefaultConfig(), source, &lossy{}, slog.New(slog.NewTextHandler(log, nil)))
		if err != nil {
			t.Fatal(err)
		}
		start(t, k)
		expect(t, k, "anne", false, errStoreAway)
		pass(time.Minute)
		expect(t, k, "anne", true, nil)
		expect(t, k, "dora", false, nil)
		for _, line := range []string{
			"msg=roster_unavailable error=", "msg=roster_available$",
			"msg=roster_copied roster=first_start premium_senders=4 over_limit=1 .* without_establishment=1$",
			"msg=roster_over_limit sender=dora establishment=0310001A$", "msg=roster_unresolved designated=\"uid=gone\"$",
			"msg=roster_in_effect roster=first_start premium_senders=4 over_limit=1 ",
		} {
			if n := log.lines(line); n != 1 {
				t.Errorf("%d times %s:\n%s", n, line, log.String())
			}
		}
	})
}

// TestThatNobodyIsPremiumIsAWarning takes everybody out, as it looks when the
// groups cannot be read any more.
func TestThatNobodyIsPremiumIsAWarning(t *testing.T) {
	source, store, log := &school{}, &memoryStore{}, &logBuffer{}
	source.enter("anne", "0310001A")
	for _, level := range []string{"INFO", "WARN"} {
		if _, _, err := Refresh(t.Context(), DefaultConfig(), source, store, slog.New(slog.NewTextHandler(log, nil))); err != nil {
			t.Fatal(err)
		}
		if n := log.lines("level=" + level + " msg=roster_copied roster=refresh "); n != 1 {
			t.Errorf("%d times %s:\n%s", n, level, log.String())
		}
		source.withdraw("anne")
	}
}

func TestJitter(t *testing.T) {
	for _, d := range []time.Duration{1, 9, 10, 10 * time.Second} {
		for range 100 {
			if got := jittered(d); got < d-d/10 || got > d+d/10+1 {
				t.Errorf("%v became %v", d, got)
			}
		}
	}
}
