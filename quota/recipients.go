package quota

import (
	"iter"
	"maps"

	"github.com/rcptquota/rcptquota/quota/mailaddr"
)

// keepRecipients is the largest set whose memory the next message reuses. Clearing a map
// takes time in proportion to the most it ever held, so a large one is dropped.
const keepRecipients = 1024

// Recipients is the set of distinct recipients of one envelope, as Postfix resolved
// them, each written as by [mailaddr.RecipientKey]. The zero value is an empty set, ready to use.
type Recipients struct {
	set map[string]struct{}
}

// Add puts address into the set. The same address twice is one recipient.
func (r *Recipients) Add(address string) {
	if r.set == nil {
		r.set = make(map[string]struct{})
	}
	r.set[mailaddr.RecipientKey(address)] = struct{}{}
}

// Len is the number of distinct recipients.
func (r *Recipients) Len() int { return len(r.set) }

// All yields each recipient once, normalised, in no particular order.
func (r *Recipients) All() iter.Seq[string] { return maps.Keys(r.set) }

// Has reports whether a normalised address is in the set.
func (r *Recipients) Has(address string) bool {
	_, has := r.set[address]
	return has
}

// Reset empties the set for the next message of a connection.
func (r *Recipients) Reset() {
	if len(r.set) > keepRecipients {
		r.set = nil
		return
	}
	clear(r.set)
}
