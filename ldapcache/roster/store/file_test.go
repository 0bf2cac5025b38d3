package store

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func TestAFolderThatIsAbsent(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "absent")
	s := NewFile(dir)
	if err := s.Prepare(); err == nil || !strings.Contains(err.Error(), dir) {
		t.Errorf("prepared without its folder: %v", err)
	}
	if _, err := s.Swap(t.Context(), nil, nil); err == nil || !strings.Contains(err.Error(), dir) {
		t.Errorf("written without its folder: %v", err)
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, fileName)
	if err := os.Mkdir(path, 0o700); err != nil {
		t.Fatal(err)
	}
	if text, _, err := s.Load(t.Context()); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("of what is no file: %q, %v", text, err)
	}
}

// TestAFolderThatIsLocked: who holds the lock is waited for, but not for ever.
func TestAFolderThatIsLocked(t *testing.T) {
	dir := t.TempDir()
	s := NewFile(dir)
	err := s.locked(t.Context(), func(*os.File) error {
		ctx, cancel := context.WithTimeout(t.Context(), 3*lockPause)
		defer cancel()
		if _, err := NewFile(dir).Swap(ctx, nil, []byte("x")); !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), dir) {
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

// TestTheFileOfRoot: what root stores belongs to whom the folder belongs.
func TestTheFileOfRoot(t *testing.T) {
	dir := t.TempDir()
	const relay = 12345
	if os.Geteuid() == 0 {
		if err := os.Chown(dir, relay, relay); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := NewFile(dir).Swap(t.Context(), nil, []byte("x")); err != nil {
		t.Fatal(err)
	}
	owner := func(path string) uint32 {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		return info.Sys().(*syscall.Stat_t).Uid
	}
	if got, want := owner(filepath.Join(dir, fileName)), owner(dir); got != want {
		t.Errorf("belongs to %d, want %d", got, want)
	}
}

// TestAFileFollowsNoLink: the relay's user may write to the folder, and so must not
// lead root, who writes there too, to a file of others.
func TestAFileFollowsNoLink(t *testing.T) {
	dir, other := t.TempDir(), filepath.Join(t.TempDir(), "shadow")
	if err := os.WriteFile(other, []byte("root:*"), 0o600); err != nil {
		t.Fatal(err)
	}
	plant := func(plant func(oldname, newname string) error) {
		t.Helper()
		if err := plant(other, filepath.Join(dir, fileName+".new")); err != nil {
			t.Fatal(err)
		}
	}
	s := NewFile(dir)
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
