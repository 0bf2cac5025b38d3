package digest

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

// Digest stands for a recipient: the first 64 bits of its HMAC-SHA-256 (RFC
// 2104) under the site's key. Of 10,000 recipients of one sender, two share a
// digest once in 10^11 times; they then count as one.
type Digest uint64

// KeySize is the size in bytes of the key of digests.
const KeySize = 32

// Digester makes digests. It is safe for use by many goroutines at once.
type Digester struct {
	macs        sync.Pool // of *mac
	fingerprint string    // of the key: 64 bits in hexadecimal, which reveal nothing of it
}

type mac struct {
	hash.Hash
	in, sum []byte
}

// New returns the maker of a key's digests.
func New(key []byte) *Digester {
	d := &Digester{}
	d.macs.New = func() any { return &mac{Hash: hmac.New(sha256.New, key)} }
	m := hmac.New(sha256.New, key)
	_, _ = m.Write([]byte("\x01fingerprint")) // no address and no login begins so; a hash takes everything
	d.fingerprint = hex.EncodeToString(m.Sum(nil)[:8])
	return d
}

// Fingerprint tells keys apart, in Redis and on disk, without revealing them.
func (d *Digester) Fingerprint() string { return d.fingerprint }

// All yields the digest of each recipient.
func (d *Digester) All(recipients iter.Seq[string]) iter.Seq[Digest] {
	return func(yield func(Digest) bool) {
		m := d.macs.Get().(*mac)
		defer d.macs.Put(m)
		for r := range recipients {
			m.Reset()
			m.in = append(m.in[:0], r...)
			_, _ = m.Write(m.in) // a hash takes everything
			m.sum = m.Sum(m.sum[:0])
			if !yield(Digest(binary.BigEndian.Uint64(m.sum))) {
				return
			}
		}
	}
}

// Sender stands for a login: 128 bits of its HMAC, in hexadecimal. No recipient
// has the same, even where a login is an address.
func (d *Digester) Sender(login string) string {
	m := d.macs.Get().(*mac)
	defer d.macs.Put(m)
	m.Reset()
	m.in = append(append(m.in[:0], 0), login...) // no address begins with NUL
	_, _ = m.Write(m.in)                         // a hash takes everything
	m.sum = m.Sum(m.sum[:0])
	return hex.EncodeToString(m.sum[:16])
}

// MakeKey says how to make the key of all relays.
const MakeKey = "make one with `head -c 32 /dev/urandom | base64`, and give all relays the same"

// ReadKey reads the site's key of digests. White space around it does not
// belong to it.
func ReadKey(path string) ([]byte, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("%w; %s", err, MakeKey)
	}
	key := bytes.TrimSpace(data)
	if len(key) < KeySize {
		return nil, fmt.Errorf("%s holds %d bytes, fewer than %d; %s", path, len(key), KeySize, MakeKey)
	}
	return key, nil
}
