package store

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"sync"
	"time"

	"go.etcd.io/bbolt"

	"github.com/rcptquota/rcptquota/quota/history"
)

// historyFile is the store's file in state_dir, a bbolt database.
const historyFile = "history.db"

// lockTimeout is how long another rcptquota may take to let go of the file.
const lockTimeout = time.Second

// The buckets.
var (
	decisionsBucket  = []byte("decisions")  // key (see keyOf) → record in JSON
	referencesBucket = []byte("references") // queue id, NUL, key → nothing
	grantsBucket     = []byte("grants")     // id → grant in JSON
	metaBucket       = []byte("meta")       // see below
)

// Entries of the meta bucket.
var (
	batchEntry = []byte("batch") // the token of the last batch
	countEntry = []byte("count") // how many records there are, 64 bits
)

// fileStore is the store in a file. It opens the file when it is first needed, and tries
// again with each use until it can.
type fileStore struct {
	dir       string
	retention *retention

	mu      sync.Mutex
	db      *bbolt.DB // nil: not open
	damaged error     // found once; the database is not touched any more
	closed  bool
}

func newFile(dir string, config history.Config) *fileStore {
	return &fileStore{dir: dir, retention: newRetention(config)}
}

func (f *fileStore) path() string { return filepath.Join(f.dir, historyFile) }

// open returns the database. The error names the file.
func (f *fileStore) open() (*bbolt.DB, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case f.damaged != nil:
		return nil, f.damaged
	case f.closed:
		return nil, f.fail(os.ErrClosed)
	case f.db != nil:
		return f.db, nil
	}
	if err := os.MkdirAll(f.dir, 0o700); err != nil {
		return nil, fmt.Errorf("state_dir: %w", err)
	}
	db, err := bbolt.Open(f.path(), 0o600, &bbolt.Options{Timeout: lockTimeout, FreelistType: bbolt.FreelistMapType})
	if err != nil {
		return nil, f.fail(err)
	}
	if err := db.Update(prepare); err != nil {
		return nil, f.fail(errors.Join(err, db.Close()))
	}
	f.db = db
	return db, nil
}

func prepare(tx *bbolt.Tx) error {
	for _, name := range [][]byte{decisionsBucket, referencesBucket, grantsBucket, metaBucket} {
		if _, err := tx.CreateBucketIfNotExists(name); err != nil {
			return err
		}
	}
	return nil
}

// update and view run work in a transaction. A damaged file can make bbolt panic, and the
// kernel a process that reads it fault; here that is an error, since mail does not depend
// on the file.
func (f *fileStore) update(work func(*bbolt.Tx) error) error {
	return f.guarded(func(db *bbolt.DB) error { return db.Update(work) })
}

func (f *fileStore) view(work func(*bbolt.Tx) error) error {
	return f.guarded(func(db *bbolt.DB) error { return db.View(work) })
}

func (f *fileStore) guarded(work func(*bbolt.DB) error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if what := recover(); what != nil {
			err = f.fail(fmt.Errorf("it is damaged (%v); remove it and restart rcptquota", what))
			f.mu.Lock()
			defer f.mu.Unlock()
			f.damaged = err
		}
	}()
	db, err := f.open()
	if err != nil {
		return err
	}
	if err := work(db); err != nil {
		return f.fail(err)
	}
	return nil
}

// absent reports whether there is no file, or one in which nothing was ever kept.
func (f *fileStore) absent() bool {
	info, err := os.Stat(f.path())
	return errors.Is(err, os.ErrNotExist) || err == nil && info.Size() == 0
}

// fail adds the file's name to err.
func (f *fileStore) fail(err error) error { return fmt.Errorf("%s: %w", f.path(), err) }

// Close implements [io.Closer].
func (f *fileStore) Close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.closed = true
	if f.db == nil || f.damaged != nil { // its locks may never be free again
		return nil
	}
	if err := f.db.Close(); err != nil {
		return f.fail(err)
	}
	return nil
}
