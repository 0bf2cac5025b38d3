//go:build servers && soak

package soak

import (
	"crypto/sha256"
	"encoding/hex"
	"path/filepath"
	"regexp"
	"time"

	"go.etcd.io/bbolt"
)

// What a relay that does not run tells of the time when it was alone.

// degraded is how many messages this relay decided on alone.
func (r *relay) degraded() int { return len(r.log.Grep(regexp.MustCompile(`degraded=true`))) }

// origin is the name under which Redis knows what this relay counted alone.
func (r *relay) origin() string {
	r.t.Helper()
	db, err := bbolt.Open(filepath.Join(r.dir, "windows.db"), 0o600, &bbolt.Options{ReadOnly: true, Timeout: time.Second})
	if err != nil {
		r.t.Fatal(err)
	}
	defer db.Close() //nolint:errcheck // nothing is written
	var sum [sha256.Size]byte
	if err := db.View(func(tx *bbolt.Tx) error {
		sum = sha256.Sum256(append([]byte("origin"), tx.Bucket([]byte("meta")).Get([]byte("digest_key"))...))
		return nil
	}); err != nil {
		r.t.Fatal(err)
	}
	return hex.EncodeToString(sum[:6])
}
