package local

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/rcptquota/rcptquota/quota"
	"github.com/rcptquota/rcptquota/quota/counter/countertest"
	"github.com/rcptquota/rcptquota/quota/counter/underway"
)

func openLocal(t testing.TB, dir string) *Store {
	t.Helper()
	l, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func closeLocal(t testing.TB, l *Store) {
	t.Helper()
	if err := l.Close(); err != nil {
		t.Error(err)
	}
}

func TestAgainstModel(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		l := openLocal(t, dir)
		defer closeLocal(t, l)
		countertest.Compare(t, l, 50*time.Millisecond, *countertest.Steps, time.Sleep) //nolint:forbidigo // the bubble's clock
	})
}

func TestAsks(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		l := openLocal(t, dir)
		defer closeLocal(t, l)
		countertest.Asks(t, l)
	})
}

func TestResets(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		l := openLocal(t, dir)
		defer closeLocal(t, l)
		countertest.Resets(t, l)
	})
}

var anHour = []quota.Window{{Per: time.Hour, Recipients: 10, Count: quota.Distinct}, {Per: time.Hour, Recipients: 20, Count: quota.Copies}}

func reserve(t testing.TB, c quota.Counter, id string, people ...int) quota.Count {
	t.Helper()
	count, err := c.Reserve(t.Context(), &quota.Reservation{
		Ticket:  quota.Ticket{Sender: "anne", ID: id},
		Windows: anHour, Recipients: countertest.Addresses(people), N: len(people),
	})
	if err != nil {
		t.Fatal(err)
	}
	return count
}

// TestRestart: what was counted is there after a stop, the reservations
// that were under way included, and gone when no window can hold it.
func TestRestart(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		l := openLocal(t, dir)
		reserve(t, l, "committed", 1, 2, 3, 4)
		if err := l.Settle(t.Context(), quota.Ticket{Sender: "anne", ID: "committed"}, true); err != nil {
			t.Fatal(err)
		}
		reserve(t, l, "open", 3, 4, 5, 6, 7)
		closeLocal(t, l)

		l = openLocal(t, dir)
		if got := reserve(t, l, "x", 8, 9, 10, 11); got.Exceeded != 0 || got.Used != 7 {
			t.Errorf("after the restart: %+v", got)
		}
		if err := l.Settle(t.Context(), quota.Ticket{Sender: "anne", ID: "open"}, false); err != nil {
			t.Fatal(err)
		}
		if got := reserve(t, l, "y", 5, 6, 7, 8, 9, 10); got.Exceeded != -1 {
			t.Errorf("after the release: %+v", got)
		}
		closeLocal(t, l)

		time.Sleep(underway.Life + time.Hour) //nolint:forbidigo // the bubble's clock
		l = openLocal(t, dir)
		defer closeLocal(t, l)
		for i := range l.shards {
			if n := len(l.shards[i].tallies); n > 0 {
				t.Errorf("%d senders are remembered for nothing", n)
			}
		}
	})
}

// TestSaves: what was counted is on disk within a second, as the copy that
// a kill would leave shows; and it names no recipient.
func TestSaves(t *testing.T) {
	defer goleak.VerifyNone(t)
	dir, copied := t.TempDir(), t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		l := openLocal(t, dir)
		defer closeLocal(t, l)
		reserve(t, l, "1", 1, 2, 3)
		time.Sleep(time.Second) //nolint:forbidigo // the bubble's clock
		synctest.Wait()
		text, err := os.ReadFile(filepath.Join(dir, stateFile))
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(text), "example.org") {
			t.Error("a recipient is stored in clear")
		}
		if err := os.WriteFile(filepath.Join(copied, stateFile), text, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := keepKey(copied, mustOwnKey(t, dir)); err != nil {
			t.Fatal(err)
		}
		killed := openLocal(t, copied)
		defer closeLocal(t, killed)
		if got := reserve(t, killed, "2", 4, 5, 6, 7, 8, 9, 10, 11); got.Used != 3 {
			t.Errorf("after a kill: %+v", got)
		}
	})
}

// TestCannotSave: mail goes on, and the answers tell.
func TestCannotSave(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		l := openLocal(t, dir)
		if err := l.state.db.Close(); err != nil {
			t.Fatal(err)
		}
		reserve(t, l, "1", 1)
		time.Sleep(time.Second) //nolint:forbidigo // the bubble's clock
		synctest.Wait()
		got := reserve(t, l, "2", 2)
		if got.Exceeded != -1 || got.Degraded == nil || !strings.Contains(got.Degraded.Error(), "cannot be saved") {
			t.Errorf("%+v", got)
		}
		if err := l.Close(); err == nil {
			t.Error("nothing is said at the end")
		}
	})
}

func TestStateErrors(t *testing.T) {
	dir := t.TempDir()
	if _, err := Open(filepath.Join(dir, "absent")); err == nil || !strings.Contains(err.Error(), stateFile) {
		t.Errorf("no folder: %v", err)
	}
	if err := os.WriteFile(filepath.Join(dir, stateFile), []byte(strings.Repeat("not a database", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(dir); err == nil || !strings.Contains(err.Error(), stateFile) {
		t.Errorf("not a database: %v", err)
	}
	dir = t.TempDir()
	l := openLocal(t, dir)
	if err := l.state.write(map[string][]byte{"anne": []byte("not a tally")}); err != nil {
		t.Fatal(err)
	}
	closeLocal(t, l)
	if _, err := Open(dir); err == nil || !strings.Contains(err.Error(), `sender "anne"`) {
		t.Errorf("a damaged tally: %v", err)
	}
}

func TestOvershoot(t *testing.T) {
	l := openLocal(t, t.TempDir())
	defer closeLocal(t, l)
	if total := countertest.Overshoot(t, []quota.Counter{l}, 32, 300); total < 200 {
		t.Errorf("only %d copies were accepted", total)
	}
}

func FuzzDecodeTally(f *testing.F) {
	t := &tally{Reached: []reach{{Digest: 1, At: 2}}, Copies: []copied{{At: 2, N: 1}}, Open: []reservation{{ID: "a", At: 2}}, Last: 2, Keep: 3}
	text, err := t.encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Fuzz(func(_ *testing.T, text []byte) {
		if t, err := decodeTally(text); err == nil {
			t.reserve(5, &quota.Reservation{Ticket: quota.Ticket{ID: "b"}, Windows: anHour, N: 1}, set{1: {}})
			t.settle("a", false)
			t.empty(6)
		}
	})
}

func BenchmarkLocal(b *testing.B) {
	for _, n := range []int{1, 10, 150, 1000, 5000} {
		b.Run(fmt.Sprintf("recipients=%d", n), func(b *testing.B) {
			l := openLocal(b, b.TempDir())
			defer closeLocal(b, l)
			var recipients quota.Recipients
			for i := range n {
				recipients.Add(fmt.Sprintf("r%d@example.org", i))
			}
			r := quota.Reservation{
				Ticket:     quota.Ticket{Sender: "anne"},
				Windows:    []quota.Window{{Per: time.Hour, Recipients: n, Count: quota.Distinct}},
				Recipients: recipients.All(), N: n,
			}
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				r.ID = fmt.Sprint(i)
				if c, err := l.Reserve(b.Context(), &r); err != nil || c.Exceeded >= 0 {
					b.Fatal(c, err)
				}
				if err := l.Settle(b.Context(), r.Ticket, true); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkAsking times questions about a sender with 5000 entries in each window.
func BenchmarkAsking(b *testing.B) {
	const entries = 5000
	l := openLocal(b, b.TempDir())
	defer closeLocal(b, l)
	windows := []quota.Window{
		{Per: time.Hour, Recipients: entries, Count: quota.Distinct},
		{Per: 24 * time.Hour, Recipients: 2 * entries, Count: quota.Copies},
	}
	for i := range entries {
		m := countertest.ToReserve("anne", strconv.Itoa(i), windows, countertest.People(i, i+1))
		countertest.MustReserve(b, l, m)
		countertest.MustSettle(b, l, m.Ticket, true)
	}
	for _, n := range []int{1, entries} {
		m := countertest.ToReserve("anne", "", windows, countertest.People(0, n))
		b.Run(fmt.Sprintf("Try/recipients=%d", n), func(b *testing.B) {
			for b.Loop() {
				if _, err := l.Try(b.Context(), m); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	for _, parts := range []int{0, 24} {
		b.Run(fmt.Sprintf("Usage/parts=%d", parts), func(b *testing.B) {
			for b.Loop() {
				countertest.MustUse(b, l, "anne", windows, parts)
			}
		})
	}
}
