package counter

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash"
	"iter"
	"os"
	"sync"
)

// digest stands for a recipient: the first 64 bits of its HMAC-SHA-256 (RFC
// 2104) under the site's key. Of 10,000 recipients of one sender, two share a
// digest once in 10^11 times; they then count as one.
type digest uint64

// keySize is the size in bytes of the key of digests.
const keySize = 32

// digester makes digests. It is safe for use by many goroutines at once.
type digester struct {
	macs        sync.Pool // of *mac
	fingerprint string    // of the key: 64 bits in hexadecimal, which reveal nothing of it
}

type mac struct {
	hash.Hash
	in, sum []byte
}

func newDigester(key []byte) *digester {
	d := &digester{}
	d.macs.New = func() any { return &mac{Hash: hmac.New(sha256.New, key)} }
	m := hmac.New(sha256.New, key)
	_, _ = m.Write([]byte("\x01fingerprint")) // no address and no login begins so; a hash takes everything
	d.fingerprint = hex.EncodeToString(m.Sum(nil)[:8])
	return d
}

// all yields the digest of each recipient.
func (d *digester) all(recipients iter.Seq[string]) iter.Seq[digest] {
	return func(yield func(digest) bool) {
		m := d.macs.Get().(*mac)
		defer d.macs.Put(m)
		for r := range recipients {
			m.Reset()
			m.in = append(m.in[:0], r...)
			_, _ = m.Write(m.in) // a hash takes everything
			m.sum = m.Sum(m.sum[:0])
			if !yield(digest(binary.BigEndian.Uint64(m.sum))) {
				return
			}
		}
	}
}

// sender stands for a login: 128 bits of its HMAC, in hexadecimal. No recipient
// has the same, even where a login is an address.
func (d *digester) sender(login string) string {
	m := d.macs.Get().(*mac)
	defer d.macs.Put(m)
	m.Reset()
	m.in = append(append(m.in[:0], 0), login...) // no address begins with NUL
	_, _ = m.Write(m.in)                         // a hash takes everything
	m.sum = m.Sum(m.sum[:0])
	return hex.EncodeToString(m.sum[:16])
}

// makeKey says how to make a key.
const makeKey = "make one with `head -c 32 /dev/urandom | base64`, and give all relays the same"

// readKey reads the site's key of digests. White space around it does not
// belong to it.
func readKey(path string) ([]byte, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("%w; %s", err, makeKey)
	}
	key := bytes.TrimSpace(data)
	if len(key) < keySize {
		return nil, fmt.Errorf("%s holds %d bytes, fewer than %d; %s", path, len(key), keySize, makeKey)
	}
	return key, nil
}
