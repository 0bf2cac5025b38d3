package roster

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/rcptquota/rcptquota/ldapcache/roster/store"
)

// testStore holds an empty store, opened anew by each call of open, to what
// [Store] says.
func testStore(t *testing.T, open func() Store) {
	t.Helper()
	held := func(want []byte) {
		t.Helper()
		got, _, err := open().Load(t.Context())
		if err != nil || (got == nil) != (want == nil) || !bytes.Equal(got, want) {
			t.Errorf("holds %q, %v; want %q", got, err, want)
		}
	}
	swap := func(old, next []byte, want bool) {
		t.Helper()
		if got, err := open().Swap(t.Context(), old, next); got != want || err != nil {
			t.Errorf("%q for %q: %v, %v; want %v", next, old, got, err, want)
		}
	}
	one, two := []byte("one"), []byte("two \x00\xff"+strings.Repeat("x", 1<<20))
	held(nil)
	swap(one, two, false)
	swap([]byte{}, two, false)
	held(nil)
	swap(nil, one, true)
	held(one)
	swap(nil, two, false)
	swap(two, two, false)
	swap([]byte{}, two, false)
	held(one)
	swap(one, two, true)
	held(two)
	swap(two, one, true)

	// Of many who replace the same, one does.
	var racing sync.WaitGroup
	var first atomic.Int32
	for i := range 8 {
		racing.Go(func() {
			swapped, err := open().Swap(t.Context(), one, fmt.Append(nil, "of ", i))
			if err != nil {
				t.Error(err)
			}
			if swapped {
				first.Add(1)
			}
		})
	}
	racing.Wait()
	if first.Load() != 1 {
		t.Errorf("%d were first", first.Load())
	}
}

func TestMemoryStore(t *testing.T) {
	memory := &memoryStore{}
	testStore(t, func() Store { return memory })
}

func TestFileStore(t *testing.T) {
	dir := t.TempDir()
	testStore(t, func() Store { return store.NewFile(dir) })
}

func TestAFileStoreThatIsPrepared(t *testing.T) {
	dir := t.TempDir()
	if err := store.NewFile(dir).Prepare(); err != nil {
		t.Fatal(err)
	}
	testStore(t, func() Store { return store.NewFile(dir) })
}

func TestADamagedFile(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "roster.json"), []byte("no roster"), 0o600); err != nil {
		t.Fatal(err)
	}
	if state, err := Read(t.Context(), store.NewFile(dir)); !errors.Is(err, errDamaged) {
		t.Errorf("%+v, %v", state, err)
	}
}
