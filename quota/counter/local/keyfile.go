package local

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/rcptquota/rcptquota/quota/counter/digest"
)

// keyFile holds, in state_dir, the key of the digests of this relay's own store, in
// Base64. It is a separate file so that a backup can leave it out: without it, the
// digests in [stateFile] cannot be compared with any address.
const keyFile = "digest.key"

// ownKey reads the key in the folder dir; nil: there is none. The error names the file.
func ownKey(dir string) ([]byte, error) {
	path := filepath.Join(dir, keyFile)
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	key, err := base64.StdEncoding.DecodeString(strings.TrimSpace(string(text)))
	if err != nil || len(key) < digest.KeySize {
		return nil, fmt.Errorf("%s does not hold a key of %d bytes in Base64; restore it from a backup, or remove it to have a new one made", path, digest.KeySize)
	}
	return key, nil
}

// newKey makes a random key.
func newKey() []byte {
	key := make([]byte, digest.KeySize)
	_, _ = rand.Read(key) // never fails
	return key
}

// keepKey writes the key into the folder, whole or not at all. Only one process
// does at a time: the one that holds the lock of [stateFile].
func keepKey(dir string, key []byte) error {
	path := filepath.Join(dir, keyFile)
	next := path + ".new"
	if err := os.Remove(next); err != nil && !errors.Is(err, fs.ErrNotExist) { // left by a kill, perhaps with another mode
		return err
	}
	f, err := os.OpenFile(next, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.WriteString(base64.StdEncoding.EncodeToString(key) + "\n")
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(next, path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(next))
	}
	return syncFolder(dir)
}

// syncFolder makes sure that a rename in the folder survives a loss of power.
func syncFolder(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
