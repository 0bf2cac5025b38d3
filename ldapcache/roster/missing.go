package roster

import (
	"errors"
	"fmt"
	"slices"
)

// A directory from which the designation groups, or the people in them, have vanished
// answers without an error that nobody is designated: after a change of its access rules,
// or from a new replica. On the other hand, a small site may well remove its only premium
// senders, so that few missing ones mean nothing.
const (
	// noneOfMany is the number of premium senders from which it is not believed that
	// nobody is left.
	noneOfMany = 3
	// fewOfMany is the number from which it is not believed that fewer than half are.
	fewOfMany = 10
)

// errMissing is wrapped where nearly everybody is missing from a copy.
var errMissing = errors.New("nearly everybody is missing from what the directory says")

// Missing tells why next is not believed after before, the last believed copy, or nil
// where there is none. Of before, as many senders are expected as the limit allows,
// which may have been lowered since.
func Missing(before, next *Copy, limit int) error {
	after := len(next.Elected)
	if before == nil {
		if after == 0 && len(next.Unresolved) >= noneOfMany {
			return fmt.Errorf("%w: none of %d designations resolves to anybody; if that is right, run \"rcptquota roster refresh\"",
				errMissing, len(next.Unresolved))
		}
		return nil
	}
	elected, _ := elect(slices.Concat(before.Elected, before.Lost), limit)
	n := len(elected)
	if (n >= noneOfMany && after == 0) || (n >= fewOfMany && 2*after < n) {
		return fmt.Errorf("%w: %d premium senders, after %d; if that is right, run \"rcptquota roster refresh\"", errMissing, after, n)
	}
	return nil
}

// Gone are the senders elected in before and not in next, in their order.
func Gone(before, next *Copy) (gone []Designation) {
	left := senders(next.Elected)
	for _, d := range before.Elected {
		if _, ok := left[d.Sender]; !ok {
			gone = append(gone, d)
		}
	}
	return gone
}
