package local

import (
	"bytes"
	"encoding/base64"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.etcd.io/bbolt"

	"github.com/rcptquota/rcptquota/quota"
	"github.com/rcptquota/rcptquota/quota/counter/digest"
)

func mustOwnKey(t *testing.T, dir string) []byte {
	t.Helper()
	key, err := ownKey(dir)
	if err != nil || key == nil {
		t.Fatalf("the key in %s: %v, %v", dir, key, err)
	}
	return key
}

func readFile(t *testing.T, path string) []byte {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// counted counts the people, and lets the message go.
func counted(t *testing.T, dir, id string, people ...int) {
	t.Helper()
	l := openLocal(t, dir)
	defer closeLocal(t, l)
	if got := reserve(t, l, id, people...); got.Exceeded != -1 {
		t.Fatalf("%s: %+v", id, got)
	}
	if err := l.Settle(t.Context(), quota.Ticket{Sender: "anne", ID: id}, true); err != nil {
		t.Fatal(err)
	}
}

// wantUsed asks how many recipients the window holds that has room for none of
// the people: of the distinct ones the first, of copies the second.
func wantUsed(t *testing.T, dir string, window, used int, people ...int) {
	t.Helper()
	l := openLocal(t, dir)
	defer closeLocal(t, l)
	if got := reserve(t, l, "another", people...); got.Exceeded != window || got.Used != used {
		t.Errorf("window %d holds %d, want %d of window %d", got.Exceeded, got.Used, used, window)
	}
}

func TestKeyIsNotBesideTheDigests(t *testing.T) {
	dir := t.TempDir()
	counted(t, dir, "1", 1, 2, 3)
	key := mustOwnKey(t, dir)
	if info, err := os.Stat(filepath.Join(dir, keyFile)); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("digest.key: %v, %v", info, err)
	}
	if bytes.Contains(readFile(t, filepath.Join(dir, stateFile)), key) {
		t.Error("windows.db holds the key")
	}
	wantUsed(t, dir, 0, 3, 4, 5, 6, 7, 8, 9, 10, 11) // the key is the same after a restart
	if !bytes.Equal(mustOwnKey(t, dir), key) {
		t.Error("another key")
	}
}

// asEarlier puts the key into windows.db, as earlier versions did, which wrote
// that page again with every change.
func asEarlier(t *testing.T, dir string, key []byte) {
	t.Helper()
	db, err := bbolt.Open(filepath.Join(dir, stateFile), 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close() //nolint:errcheck // what follows reads it
	for i := range 20 {
		err := db.Update(func(tx *bbolt.Tx) error {
			meta := tx.Bucket(metaBucket)
			return errors.Join(meta.Put(oldKeyEntry, key), meta.Put([]byte("filler"), make([]byte, 2000*i)),
				meta.Delete(fingerprintEntry))
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

func TestKeyOfEarlierVersionsMoves(t *testing.T) {
	dir := t.TempDir()
	counted(t, dir, "1", 1, 2, 3)
	key := mustOwnKey(t, dir)
	asEarlier(t, dir, key)
	if err := os.Remove(filepath.Join(dir, keyFile)); err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(readFile(t, filepath.Join(dir, stateFile)), key) {
		t.Fatal("the key is not where earlier versions had it")
	}
	wantUsed(t, dir, 0, 3, 4, 5, 6, 7, 8, 9, 10, 11)
	wantUsed(t, dir, 1, 3, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18) // of 20 copies
	if !bytes.Equal(mustOwnKey(t, dir), key) {
		t.Error("another key")
	}
	if bytes.Contains(readFile(t, filepath.Join(dir, stateFile)), key) {
		t.Error("windows.db still holds the key")
	}
}

// A kill after the key was moved, and before all traces were wiped.
func TestKeyOfEarlierVersionsIsWipedAfterAKill(t *testing.T) {
	dir := t.TempDir()
	counted(t, dir, "1", 1, 2, 3)
	key := mustOwnKey(t, dir)
	asEarlier(t, dir, key)
	db, err := bbolt.Open(filepath.Join(dir, stateFile), 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	err = db.Update(func(tx *bbolt.Tx) error { return tx.Bucket(metaBucket).Put(oldKeyEntry, nil) })
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(readFile(t, filepath.Join(dir, stateFile)), key) {
		t.Fatal("bbolt wipes by itself")
	}
	wantUsed(t, dir, 0, 3, 4, 5, 6, 7, 8, 9, 10, 11)
	if bytes.Contains(readFile(t, filepath.Join(dir, stateFile)), key) {
		t.Error("windows.db still holds the key")
	}
}

// With a configured key, the one of an earlier version is for nothing.
func TestKeyOfEarlierVersionsGoesWithRedis(t *testing.T) {
	dir := t.TempDir()
	counted(t, dir, "1", 1, 2, 3)
	key := mustOwnKey(t, dir)
	asEarlier(t, dir, key)
	if err := os.Remove(filepath.Join(dir, keyFile)); err != nil {
		t.Fatal(err)
	}
	l, err := OpenWith(dir, digest.New([]byte("the key of all relays")))
	if err != nil {
		t.Fatal(err)
	}
	closeLocal(t, l)
	if files, _ := filepath.Glob(filepath.Join(dir, "*")); len(files) != 1 || bytes.Contains(readFile(t, files[0]), key) {
		t.Errorf("the key is left in %v", files)
	}
}

// TestKeyIsLost: a backup without the key was played back. Nobody is refused for
// recipients that cannot be told apart any more; the copies are known.
func TestKeyIsLost(t *testing.T) {
	dir := t.TempDir()
	counted(t, dir, "1", 1, 2, 3)
	if err := os.Remove(filepath.Join(dir, keyFile)); err != nil {
		t.Fatal(err)
	}
	l := openLocal(t, dir)
	notice := l.Notice()
	closeLocal(t, l)
	if !errors.Is(notice, ErrKeyChanged) || !strings.Contains(notice.Error(), "1 senders") {
		t.Errorf("told: %v", notice)
	}
	l = openLocal(t, dir)
	if err := l.Notice(); err != nil {
		t.Errorf("told again: %v", err)
	}
	if got := reserve(t, l, "2", 1, 2, 3, 4, 5, 6, 7, 8, 9, 10); got.Exceeded != -1 {
		t.Errorf("the same recipients and others: %+v", got)
	}
	closeLocal(t, l)
	wantUsed(t, dir, 1, 13, 1, 2, 3, 4, 5, 6, 7, 8)
}

func TestKeyFileIsDamaged(t *testing.T) {
	for _, text := range []string{"", "short", base64.StdEncoding.EncodeToString(make([]byte, digest.KeySize-1)), strings.Repeat("é", digest.KeySize)} {
		dir := t.TempDir()
		path := filepath.Join(dir, keyFile)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(dir); err == nil || !strings.HasPrefix(err.Error(), path) {
			t.Errorf("%q: %v", text, err)
		}
		if got := readFile(t, path); string(got) != text {
			t.Errorf("%q was replaced", text)
		}
	}
}

// What a kill left of a key that was being written does not stop the next start.
func TestKeyFileHalfWritten(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, keyFile+".new"), []byte("half"), 0o644); err != nil {
		t.Fatal(err)
	}
	counted(t, dir, "1", 1)
	if info, err := os.Stat(filepath.Join(dir, keyFile)); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("digest.key: %v, %v", info, err)
	}
}
