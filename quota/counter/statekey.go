package counter

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"go.etcd.io/bbolt"
)

// What the state says of the key of its digests: never the key itself.
var (
	fingerprintEntry = []byte("digest_key_fingerprint") // of the key that its digests were made with
	oldKeyEntry      = []byte("digest_key")             // the key itself, as earlier versions kept it; empty: moved, but not yet wiped
)

// ErrKeyChanged says that digests in state_dir were forgotten, because the key
// that they were made with is gone.
var ErrKeyChanged = errors.New("the key of the recipients' digests in state_dir is another than before")

// useKey gives the state its digests: those of the key in digest.key or, if
// configured is not nil, that. A key that an earlier version kept in the database
// itself moves to digest.key, and no trace of it stays behind.
func (s *state) useKey(dir string, configured *digester) error {
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
			return s.named(fmt.Errorf("the key of digests cannot be removed from it: %w", err))
		}
	}
	return s.named(s.db.Update(s.compareKey))
}

// openOwnKey returns the digests of the key in the folder, and makes one if there
// is none. The key of an earlier version's database goes before: that one ran last.
func openOwnKey(dir string, old []byte) (*digester, error) {
	key, err := ownKey(dir)
	switch {
	case err != nil:
		return nil, err
	case len(old) > 0 && !bytes.Equal(key, old):
		key = old
	case key != nil:
		return newDigester(key), nil
	default:
		key = newKey()
	}
	if err := keepKey(dir, key); err != nil {
		return nil, fmt.Errorf("%s: %w", keyFile, err)
	}
	return newDigester(key), nil
}

// oldKey returns what an earlier version's entry holds; nil: there is none.
func (s *state) oldKey() (key []byte, err error) {
	err = s.db.View(func(tx *bbolt.Tx) error {
		key = bytes.Clone(tx.Bucket(metaBucket).Get(oldKeyEntry))
		return nil
	})
	return key, err
}

// wipeOldKey removes the key from the database, and from the pages that it no
// longer uses. A kill in between is made up for at the next start.
func (s *state) wipeOldKey(dir string) error {
	for _, step := range []func(*bbolt.Tx) error{
		func(tx *bbolt.Tx) error { return tx.Bucket(metaBucket).Put(oldKeyEntry, nil) },
		func(*bbolt.Tx) error { return nil }, // the database can go back by one transaction, but no further
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

// compareKey notes which key the digests are made with. Where it was another, no
// recipient would be found again, and would count as one more: these digests are
// forgotten, so that nobody is refused for them. Copies stay counted.
func (s *state) compareKey(tx *bbolt.Tx) error {
	meta := tx.Bucket(metaBucket)
	before := meta.Get(fingerprintEntry)
	if string(before) == s.digests.fingerprint {
		return nil
	}
	if before != nil {
		forgotten, err := forgetDigests(tx.Bucket(talliesBucket))
		if err != nil {
			return err
		}
		if forgotten > 0 {
			s.notice = fmt.Errorf("%w: what %d senders reached by windows of distinct recipients was forgotten; copies are still counted", ErrKeyChanged, forgotten)
		}
	}
	return meta.Put(fingerprintEntry, []byte(s.digests.fingerprint))
}

// forgetDigests takes the digests out of all tallies, and returns out of how many.
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

// forgetDigests forgets whom the sender reached, and reports whether that was
// anybody.
func (t *tally) forgetDigests() bool {
	some := len(t.Reached) > 0
	t.Reached = nil
	for i := range t.Open {
		some = some || len(t.Open[i].Replaced) > 0
		t.Open[i].Replaced = nil
	}
	return some
}

// Notice tells what a start found in state_dir and a postmaster must know; nil:
// nothing. It is [ErrKeyChanged], with how many senders it is about.
func (l *Local) Notice() error { return l.state.notice }

// Notice is that of the store in this process, if there is one.
func (f *Fallback) Notice() error {
	if f.local == nil {
		return nil
	}
	return f.local.Notice()
}
