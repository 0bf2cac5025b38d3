package roster

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
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
	store := &memoryStore{}
	testStore(t, func() Store { return store })
}

func TestFileStore(t *testing.T) {
	dir := t.TempDir()
	testStore(t, func() Store { return NewFileStore(dir) })
}

func TestAFileStoreThatIsPrepared(t *testing.T) {
	dir := t.TempDir()
	if err := NewFileStore(dir).Prepare(); err != nil {
		t.Fatal(err)
	}
	testStore(t, func() Store { return NewFileStore(dir) })
}

func TestAFileStoreThatCannotBe(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "absent")
	s := NewFileStore(dir)
	if err := s.Prepare(); err == nil || !strings.Contains(err.Error(), dir) {
		t.Errorf("prepared without its folder: %v", err)
	}
	if _, err := s.Swap(t.Context(), nil, nil); err == nil || !strings.Contains(err.Error(), dir) {
		t.Errorf("written without its folder: %v", err)
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, rosterFile)
	if err := os.WriteFile(path, []byte("no roster"), 0o600); err != nil {
		t.Fatal(err)
	}
	if state, err := Read(t.Context(), s); !errors.Is(err, errDamaged) {
		t.Errorf("of a damaged file: %+v, %v", state, err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(path, 0o700); err != nil {
		t.Fatal(err)
	}
	if text, _, err := s.Load(t.Context()); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("of what is no file: %q, %v", text, err)
	}
}

// TestAFileStoreThatIsLocked: who holds the lock is waited for, but not for ever.
func TestAFileStoreThatIsLocked(t *testing.T) {
	dir := t.TempDir()
	s := NewFileStore(dir)
	err := s.locked(t.Context(), func(*os.File) error {
		ctx, cancel := context.WithTimeout(t.Context(), 3*lockPause)
		defer cancel()
		if _, err := NewFileStore(dir).Swap(ctx, nil, []byte("x")); !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), dir) {
			t.Errorf("while it is locked: %v", err)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	if swapped, err := s.Swap(t.Context(), nil, []byte("x")); !swapped || err != nil {
		t.Errorf("afterwards: %v, %v", swapped, err)
	}
}

// TestAFileStoreOfRoot: what root stores belongs to whom the folder belongs.
func TestAFileStoreOfRoot(t *testing.T) {
	dir := t.TempDir()
	const relay = 12345
	if os.Geteuid() == 0 {
		if err := os.Chown(dir, relay, relay); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := NewFileStore(dir).Swap(t.Context(), nil, []byte("x")); err != nil {
		t.Fatal(err)
	}
	owner := func(path string) uint32 {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		return info.Sys().(*syscall.Stat_t).Uid
	}
	if got, want := owner(filepath.Join(dir, rosterFile)), owner(dir); got != want {
		t.Errorf("belongs to %d, want %d", got, want)
	}
}

// TestAFileStoreFollowsNoLink: the relay's user may write to the folder, and so must not
// lead root, who writes there too, to a file of others.
func TestAFileStoreFollowsNoLink(t *testing.T) {
	dir, other := t.TempDir(), filepath.Join(t.TempDir(), "shadow")
	if err := os.WriteFile(other, []byte("root:*"), 0o600); err != nil {
		t.Fatal(err)
	}
	plant := func(plant func(oldname, newname string) error) {
		t.Helper()
		if err := plant(other, filepath.Join(dir, rosterFile+".new")); err != nil {
			t.Fatal(err)
		}
	}
	s := NewFileStore(dir)
	plant(os.Symlink)
	if err := s.Prepare(); err != nil {
		t.Error(err)
	}
	plant(os.Link)
	if swapped, err := s.Swap(t.Context(), nil, []byte("roster")); !swapped || err != nil {
		t.Errorf("swapped: %v, %v", swapped, err)
	}
	if text, err := os.ReadFile(other); string(text) != "root:*" || err != nil {
		t.Errorf("the other file has %q, %v", text, err)
	}
	if text, _, err := s.Load(t.Context()); string(text) != "roster" || err != nil {
		t.Errorf("the roster is %q, %v", text, err)
	}
}
