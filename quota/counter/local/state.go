package local

import (
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/fxamacker/cbor/v2"
	"go.etcd.io/bbolt"

	"github.com/rcptquota/rcptquota/quota/counter/digest"
)

// stateFile is the store's file in state_dir, a bbolt database.
const stateFile = "windows.db"

// lockTimeout is how long another rcptquota may take to let go of the file.
const lockTimeout = 15 * time.Second

var (
	talliesBucket = []byte("tallies") // sender → tally in CBOR
	metaBucket    = []byte("meta")    // see statekey.go
)

// state is what is on disk.
type state struct {
	db      *bbolt.DB
	digests *digest.Digester // makes the digests in the tallies
	notice  error            // see [Store.Notice]
}

// openState opens the state in the folder dir, with the digester of another store; nil:
// the one of the folder's own key. The error names the file.
func openState(dir string, digests *digest.Digester) (*state, error) {
	path := filepath.Join(dir, stateFile)
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{Timeout: lockTimeout, FreelistType: bbolt.FreelistMapType})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	s := &state{db: db}
	if err := db.Update(prepare); err != nil {
		return nil, s.fail(err)
	}
	if err := s.useKey(dir, digests); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return s, nil
}

func prepare(tx *bbolt.Tx) error {
	for _, name := range [][]byte{talliesBucket, metaBucket} {
		if _, err := tx.CreateBucketIfNotExists(name); err != nil {
			return err
		}
	}
	return nil
}

// load calls add with every tally. One that cannot be read is an error: the file is
// not ours, or damaged.
func (s *state) load(add func(sender string, t *tally)) error {
	return s.db.View(func(tx *bbolt.Tx) error {
		return tx.Bucket(talliesBucket).ForEach(func(sender, text []byte) error {
			t, err := decodeTally(text)
			if err != nil {
				return fmt.Errorf("sender %q: %w", sender, err)
			}
			add(string(sender), t)
			return nil
		})
	})
}

// write stores encoded tallies by sender, and deletes those that are nil.
func (s *state) write(tallies map[string][]byte) error {
	return s.db.Update(func(tx *bbolt.Tx) error { return put(tx.Bucket(talliesBucket), tallies) })
}

func put(b *bbolt.Bucket, changed map[string][]byte) error {
	for key, text := range changed {
		var err error
		if text == nil {
			err = b.Delete([]byte(key))
		} else {
			err = b.Put([]byte(key), text)
		}
		if err != nil {
			return fmt.Errorf("%q: %w", key, err)
		}
	}
	return nil
}

// fail closes the file and returns err, if any, with the file's name.
func (s *state) fail(err error) error {
	path := s.db.Path()
	if err = errors.Join(err, s.db.Close()); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

// named adds the file's name to err, if any.
func (s *state) named(err error) error {
	if err != nil {
		return fmt.Errorf("%s: %w", s.db.Path(), err)
	}
	return nil
}

func (t *tally) encode() ([]byte, error) { return cbor.Marshal(t) }

func decodeTally(text []byte) (*tally, error) {
	t := &tally{}
	return t, cbor.Unmarshal(text, t)
}
