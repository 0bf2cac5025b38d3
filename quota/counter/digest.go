package counter

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"hash"
	"iter"
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
	macs sync.Pool // of *mac
}

type mac struct {
	hash.Hash
	in, sum []byte
}

func newDigester(key []byte) *digester {
	d := &digester{}
	d.macs.New = func() any { return &mac{Hash: hmac.New(sha256.New, key)} }
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
