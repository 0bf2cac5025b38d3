package visible

import (
	"hash/maphash"
	"unicode/utf8"

	"github.com/rcptquota/rcptquota/quota/mailaddr"
)

// Max is the most addresses that are counted: beyond one more, it makes no difference how
// many there are.
const Max = 10_000

// seed makes the hashes worthless outside of this process.
var seed = maphash.MakeSeed()

// Addresses is a set of distinct addresses. The zero value is the empty set, ready to use.
type Addresses struct {
	hashes map[uint64]struct{}
}

// Len is the number of distinct addresses, at most [Max] and one.
func (a *Addresses) Len() int { return len(a.hashes) }

// Add adds the addresses in the value of a field To or Cc, with its folds (RFC 5322 section
// 2.2.3). A message may have several such fields.
func (a *Addresses) Add(value string) {
	s := scanner{text: value}
	for a.Len() <= Max && s.next() {
		a.add(s.address)
	}
}

// add adds one address, whose ASCII letters are in lower case.
func (a *Addresses) add(address []byte) {
	if a.hashes == nil {
		a.hashes = make(map[uint64]struct{})
	}
	a.hashes[hash(address)] = struct{}{}
}

// hash is the same for addresses that an MTA may treat as the same.
func hash(address []byte) uint64 {
	for _, b := range address {
		if b >= utf8.RuneSelf {
			return maphash.String(seed, mailaddr.RecipientKey(string(address)))
		}
	}
	return maphash.Bytes(seed, address)
}
