package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// fileName is the file in state_dir: the roster, JSON.
const fileName = "roster.json"

const (
	// lockTimeout is how long another process may hold the lock; each holds it for
	// one swap.
	lockTimeout = 5 * time.Second
	// lockPause is the pause between two attempts to get the lock.
	lockPause = 10 * time.Millisecond
)

// File is a store in a file, for the processes of one machine. The file is
// replaced whole, by a rename, so that reading it needs no lock. Who replaces it
// holds a lock on the folder (flock(2)).
type File struct{ dir string }

// NewFile returns the store in a folder, without touching it.
func NewFile(dir string) *File { return &File{dir} }

// Prepare finds out whether the file can be written. The error tells why not.
func (s *File) Prepare() error {
	return s.locked(context.Background(), func(folder *os.File) error {
		path, err := s.writeNext(folder, nil)
		if err != nil {
			return err
		}
		return os.Remove(path)
	})
}

// Load implements roster.Store. A file has no clock.
func (s *File) Load(context.Context) ([]byte, time.Time, error) {
	text, err := os.ReadFile(filepath.Join(s.dir, fileName))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, time.Time{}, nil
	}
	return text, time.Time{}, err
}

// Swap implements roster.Store.
func (s *File) Swap(ctx context.Context, old, next []byte) (swapped bool, err error) {
	err = s.locked(ctx, func(folder *os.File) error {
		text, _, err := s.Load(ctx)
		if err != nil || (text == nil) != (old == nil) || !bytes.Equal(text, old) {
			return err
		}
		path, err := s.writeNext(folder, next)
		if err != nil {
			return err
		}
		if err := os.Rename(path, filepath.Join(s.dir, fileName)); err != nil {
			return err
		}
		swapped = true
		return folder.Sync()
	})
	return swapped && err == nil, err
}

// locked does work while it holds the lock on the folder.
func (s *File) locked(ctx context.Context, work func(folder *os.File) error) error {
	folder, err := os.Open(s.dir)
	if err != nil {
		return err
	}
	defer folder.Close() //nolint:errcheck // nothing is written through it; unlocks, too
	ctx, cancel := context.WithTimeout(ctx, lockTimeout)
	defer cancel()
	for {
		err := syscall.Flock(int(folder.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			return work(folder)
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) && !errors.Is(err, syscall.EINTR) {
			return fmt.Errorf("lock %s: %w", s.dir, err)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("another process holds the lock on %s: %w", s.dir, ctx.Err())
		case <-time.After(lockPause):
		}
	}
}

// writeNext writes a text into a new file beside the store's, and returns its path. What
// is there under its name is removed, and never written to: it may be a link, which root
// would follow to a file of others, or be left by a process that was killed.
func (s *File) writeNext(folder *os.File, text []byte) (path string, err error) {
	path = filepath.Join(s.dir, fileName+".new")
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return "", err
	}
	_, err = file.Write(text)
	err = errors.Join(err, belongLike(file, folder), file.Sync(), file.Close())
	return path, err
}

// belongLike gives a file that root writes to the owner of the folder: after
// "rcptquota roster refresh" by root, the relay still has to read it.
func belongLike(file, folder *os.File) error {
	info, err := folder.Stat()
	if err != nil {
		return err
	}
	owner, ok := info.Sys().(*syscall.Stat_t)
	if !ok || os.Geteuid() != 0 {
		return nil
	}
	return file.Chown(int(owner.Uid), int(owner.Gid))
}
