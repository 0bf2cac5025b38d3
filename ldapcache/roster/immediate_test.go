package roster

import (
	"context"
	"fmt"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"
)

// crowded is a directory of so many designated senders, "other0" the first.
func crowded(n int) *school {
	s := &school{}
	for i := range n {
		s.enter(fmt.Sprint("other", i), fmt.Sprintf("031%04dX", i))
	}
	return s
}

func tellsNobody(s *school) { s.tells = func(int) bool { return false } }
func tellsAll(s *school)    { s.tells = nil }

func startImmediate(t *testing.T, source Source, store Store, log *logBuffer) *Keeper {
	t.Helper()
	k := NewImmediate(DefaultConfig(), source, store, 5*time.Minute, 24*time.Hour, slog.New(slog.NewTextHandler(log, nil)))
	k.Start(t.Context())
	return k
}

func closed(t *testing.T, k *Keeper) {
	t.Helper()
	if err := k.Close(); err != nil {
		t.Error(err)
	}
}

// TestImmediateDoubtsAnEmptyDirectory: a change of access rules takes premium from
// nobody, over days and a restart, until the directory is corrected.
func TestImmediateDoubtsAnEmptyDirectory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source, store, log := crowded(40), &memoryStore{}, &logBuffer{}
		k := startImmediate(t, source, store, log)
		expect(t, k, "anne", false, nil)
		source.set(tellsNobody)
		pass(6 * time.Minute)
		expect(t, k, "other0", true, errMissing)
		expect(t, k, "anne", false, errMissing)
		pass(7 * 24 * time.Hour)
		expect(t, k, "other0", true, errMissing)
		if n := log.lines("level=ERROR msg=roster_doubted "); n != 1 || k.Doubt() != NearlyEmpty {
			t.Errorf("told %d times, %v:\n%s", n, k.Doubt(), log.String())
		}
		closed(t, k)
		k = startImmediate(t, source, store, log)
		expect(t, k, "other0", true, errMissing)
		expect(t, k, "anne", false, errMissing)
		source.enter("anne", "0310001A")
		source.set(tellsAll)
		pass(6 * time.Minute)
		expect(t, k, "anne", true, nil)
		expect(t, k, "bruno", false, nil)
		closed(t, k)
	})
}

// TestImmediateBelievesARefresh: somebody says that the directory is right.
func TestImmediateBelievesARefresh(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source, store, log := crowded(40), &memoryStore{}, &logBuffer{}
		k := startImmediate(t, source, store, log)
		source.set(tellsNobody)
		pass(6 * time.Minute)
		config := DefaultConfig()
		config.Activation = activationImmediate
		taken, replaced, err := Refresh(t.Context(), config, source, store, slog.New(slog.DiscardHandler))
		if err != nil || len(taken.Elected) != 0 || len(replaced.Current.Elected) != 40 {
			t.Fatalf("%+v for %+v, %v", taken, replaced, err)
		}
		pass(6 * time.Minute)
		expect(t, k, "other0", false, nil)
		closed(t, k)
		k = startImmediate(t, source, store, log)
		expect(t, k, "other0", false, nil)
		closed(t, k)
	})
}

// TestImmediateWithoutItsStore: the roster is kept all the same; only that nobody
// is premium is not believed after a start.
func TestImmediateWithoutItsStore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source, store, log := crowded(40), &memoryStore{away: true}, &logBuffer{}
		k := startImmediate(t, source, store, log)
		expect(t, k, "other0", true, nil)
		pass(time.Hour)
		expect(t, k, "anne", false, nil)
		if n := log.lines("level=WARN msg=roster_not_stored error="); n != 1 {
			t.Errorf("told %d times:\n%s", n, log.String())
		}
		closed(t, k)
		source.set(tellsNobody)
		k = startImmediate(t, source, store, log)
		expect(t, k, "other0", false, errMissing)
		store.set(func(s *memoryStore) { s.away = false }) // it is a first start
		pass(6 * time.Minute)
		expect(t, k, "other0", false, nil)
		closed(t, k)
	})
}

// TestImmediateStoresNothingInTheFuture starts a relay whose clock is a year ahead
// of the store's.
func TestImmediateStoresNothingInTheFuture(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source, store, log := crowded(40), &memoryStore{ahead: -365 * 24 * time.Hour}, &logBuffer{}
		k := startImmediate(t, source, store, log)
		expect(t, k, "other0", true, nil)
		if store.text != nil || log.lines("msg=roster_not_stored error=\"a clock is wrong") != 1 {
			t.Errorf("stored: %s\n%s", store.text, log.String())
		}
		store.set(func(s *memoryStore) { s.ahead = 0 })
		pass(6 * time.Minute)
		if store.text == nil {
			t.Error("not stored once the clocks agree")
		}
		closed(t, k)
	})
}

// TestImmediateWritesChangesOnly, and reads no more than that takes.
func TestImmediateWritesChangesOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source, store, log := crowded(4), &countingStore{}, &logBuffer{}
		k := startImmediate(t, source, store, log)
		pass(24 * time.Hour)
		source.enter("anne", "0310001A")
		pass(24 * time.Hour)
		closed(t, k)
		if store.swaps != 2 || store.loads != 3 {
			t.Errorf("%d loads, %d swaps", store.loads, store.swaps)
		}
	})
}

// countingStore counts how often it is asked.
type countingStore struct {
	memoryStore
	loads, swaps int
}

func (c *countingStore) Load(ctx context.Context) ([]byte, time.Time, error) {
	c.loads++
	return c.memoryStore.Load(ctx)
}

func (c *countingStore) Swap(ctx context.Context, old, next []byte) (bool, error) {
	c.swaps++
	return c.memoryStore.Swap(ctx, old, next)
}
