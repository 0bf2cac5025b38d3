package local

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"go.etcd.io/bbolt"

	"github.com/rcptquota/rcptquota/quota/counter/digest"
)

// Entries of the meta bucket about the key of the digests. The key itself is never
// among them.
var (
	fingerprintEntry = []byte("digest_key_fingerprint") // of the key that the digests were made with
	oldKeyEntry      = []byte("digest_key")             // of earlier versions: the key itself; empty: moved, but not yet wiped
)

// ErrKeyChanged says that digests in state_dir were forgotten, because they were made
// with another key.
var ErrKeyChanged = errors.New("the key of the recipients' digests in state_dir has changed")

// useKey gives the state its digester: configured or, if that is nil, the one of the
// key in digest.key. A key that an earlier version kept in the database moves to
// digest.key, and no trace of it stays in the database.
func (s *state) useKey(dir string, configured *digest.Digester) error {
	old, err := s.oldKey()
	if err != nil {
		return s.named(err)
	}
	if s.digests = configured; configured == nil {
		if s.digests, err = openOwnKey(dir, old); err != nil {
			return err
		}
	}
	if old != nil {
		if err := s.wipeOldKey(dir); err != nil {
			return s.named(fmt.Errorf("cannot remove the key of the digests from it: %w", err))
		}
	}
	return s.named(s.db.Update(s.compareKey))
}

// openOwnKey returns the digester of the key in the folder dir, and makes a key if
// there is none. The key of an earlier version's database, if any, replaces the one in
// the folder, because the earlier version ran last.
func openOwnKey(dir string, old []byte) (*digest.Digester, error) {
	key, err := ownKey(dir)
	switch {
	case err != nil:
		return nil, err
	case len(old) > 0 && !bytes.Equal(key, old):
		key = old
	case key != nil:
		return digest.New(key), nil
	default:
		key = newKey()
	}
	if err := keepKey(dir, key); err != nil {
		return nil, fmt.Errorf("%s: %w", keyFile, err)
	}
	return digest.New(key), nil
}

// oldKey returns what an earlier version's entry holds; nil: there is none.
func (s *state) oldKey() (key []byte, err error) {
	err = s.db.View(func(tx *bbolt.Tx) error {
		key = bytes.Clone(tx.Bucket(metaBucket).Get(oldKeyEntry))
		return nil
	})
	return key, err
}

// wipeOldKey removes the key from the database, and from the pages that the database no
// longer uses. If it is killed in between, the next start finishes it.
func (s *state) wipeOldKey(dir string) error {
	for _, step := range []func(*bbolt.Tx) error{
		func(tx *bbolt.Tx) error { return tx.Bucket(metaBucket).Put(oldKeyEntry, nil) },
		func(*bbolt.Tx) error { return nil }, // now neither of bbolt's two meta pages refers to the key
		func(tx *bbolt.Tx) error { return wipeUnused(tx, filepath.Join(dir, stateFile)) },
		func(tx *bbolt.Tx) error { return tx.Bucket(metaBucket).Delete(oldKeyEntry) },
	} {
		if err := s.db.Update(step); err != nil {
			return err
		}
	}
	return nil
}

// wipeUnused overwrites the pages that the database at path does not use with
// zeros: bbolt leaves in them what they held.
func wipeUnused(tx *bbolt.Tx, path string) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	size := tx.DB().Info().PageSize
	zeros := make([]byte, size)
	for id := 0; ; id++ {
		page, err := tx.Page(id)
		if err != nil || page == nil {
			return errors.Join(err, f.Sync(), f.Close())
		}
		if page.Type != "free" {
			continue
		}
		if _, err := f.WriteAt(zeros, int64(id)*int64(size)); err != nil {
			return errors.Join(err, f.Close())
		}
	}
}

// compareKey stores the fingerprint of the key. If the digests were made with another
// key, no recipient would be recognised, and each would count a second time: so these
// digests are forgotten, and nobody is refused because of them. Copies stay counted.
func (s *state) compareKey(tx *bbolt.Tx) error {
	meta := tx.Bucket(metaBucket)
	before := meta.Get(fingerprintEntry)
	if string(before) == s.digests.Fingerprint() {
		return nil
	}
	if before != nil {
		forgotten, err := forgetDigests(tx.Bucket(talliesBucket))
		if err != nil {
			return err
		}
		if forgotten > 0 {
			s.notice = fmt.Errorf("%w: the distinct recipients of %d senders were forgotten; copies are still counted", ErrKeyChanged, forgotten)
		}
	}
	return meta.Put(fingerprintEntry, []byte(s.digests.Fingerprint()))
}

// forgetDigests removes the digests from all tallies, and returns how many tallies had
// any.
func forgetDigests(tallies *bbolt.Bucket) (int, error) {
	changed := map[string][]byte{}
	err := tallies.ForEach(func(sender, text []byte) error {
		t, err := decodeTally(text)
		if err != nil {
			return fmt.Errorf("sender %q: %w", sender, err)
		}
		if !t.forgetDigests() {
			return nil
		}
		changed[string(sender)], err = t.encode()
		return err
	})
	if err != nil {
		return 0, err
	}
	return len(changed), put(tallies, changed)
}

// forgetDigests forgets whom the sender reached, and reports whether there was anybody.
func (t *tally) forgetDigests() bool {
	some := len(t.Reached) > 0
	t.Reached = nil
	for i := range t.Open {
		some = some || len(t.Open[i].Replaced) > 0
		t.Open[i].Replaced = nil
	}
	return some
}

// Notice returns what a postmaster must know about the state_dir that was opened; nil:
// nothing. It wraps [ErrKeyChanged].
func (l *Store) Notice() error { return l.state.notice }
