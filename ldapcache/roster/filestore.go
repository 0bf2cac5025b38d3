package roster

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"time"

	"go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"
)

// rosterFile is the store's file in state_dir, a bbolt database.
const rosterFile = "roster.db"

// lockTimeout is how long another process may take to let go of the file: each
// holds it for one access.
const lockTimeout = 5 * time.Second

var (
	rosterBucket = []byte("roster")
	stateKey     = []byte("state")
)

// FileStore is a store in a file, for the processes of one machine. The file is
// open during an access only.
type FileStore struct{ path string }

// NewFileStore returns the store in a folder, without touching it.
func NewFileStore(dir string) *FileStore { return &FileStore{filepath.Join(dir, rosterFile)} }

// Prepare makes the file if there is none. The error tells why it cannot be
// written.
func (s *FileStore) Prepare() error {
	return s.access(false, func(tx *bbolt.Tx) error {
		_, err := tx.CreateBucketIfNotExists(rosterBucket)
		return err
	})
}

// Load implements [Store]. A file has no clock.
func (s *FileStore) Load(context.Context) (text []byte, _ time.Time, err error) {
	err = s.access(true, func(tx *bbolt.Tx) error {
		if bucket := tx.Bucket(rosterBucket); bucket != nil {
			text = bytes.Clone(bucket.Get(stateKey))
		}
		return nil
	})
	if errors.Is(err, fs.ErrNotExist) {
		return nil, time.Time{}, nil
	}
	return text, time.Time{}, err
}

// Swap implements [Store].
func (s *FileStore) Swap(_ context.Context, old, next []byte) (swapped bool, err error) {
	err = s.access(false, func(tx *bbolt.Tx) error {
		bucket, err := tx.CreateBucketIfNotExists(rosterBucket)
		if err != nil {
			return err
		}
		text := bucket.Get(stateKey)
		if (text == nil) != (old == nil) || !bytes.Equal(text, old) {
			return nil
		}
		swapped = true
		return bucket.Put(stateKey, next)
	})
	return swapped && err == nil, err
}

// access opens the file for one transaction.
func (s *FileStore) access(readOnly bool, work func(*bbolt.Tx) error) error {
	db, err := bbolt.Open(s.path, 0o600, &bbolt.Options{Timeout: lockTimeout, ReadOnly: readOnly})
	if err != nil {
		return fmt.Errorf("%s: %w%s", s.path, err, advice(err))
	}
	transaction := db.Update
	if readOnly {
		transaction = db.View
	}
	if err := errors.Join(transaction(work), db.Close()); err != nil {
		return fmt.Errorf("%s: %w", s.path, err)
	}
	return nil
}

// advice says what to do about a file that is no database.
func advice(err error) string {
	for _, damaged := range []error{berrors.ErrInvalid, berrors.ErrVersionMismatch, berrors.ErrChecksum} {
		if errors.Is(err, damaged) {
			return "; remove it, and the first start copies the directory anew"
		}
	}
	return ""
}
