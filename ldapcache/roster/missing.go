package roster

import (
	"errors"
	"fmt"
	"slices"
)

// A directory that has lost sight of the designation groups, or of the people in
// them, answers without an error that nobody is designated: after a change of its
// access rules, or from a replica set up anew. A small site may well take its only
// premium senders out, so that few say nothing.
const (
	// noneOfMany is from how many premium senders on it is not believed that
	// nobody is left.
	noneOfMany = 3
	// fewOfMany is from how many on it is not believed that fewer than half are.
	fewOfMany = 10
)

// errMissing is wrapped where nearly everybody is missing from a copy.
var errMissing = errors.New("nearly everybody is missing in what the directory says")

// Missing tells why next is not believed after before, the last copy that was;
// nil for none. What before has is taken by the limit of now, which the
// configuration may have lowered.
func Missing(before, next *Copy, limit int) error {
	after := len(next.Elected)
	if before == nil {
		if after == 0 && len(next.Unresolved) >= noneOfMany {
			return fmt.Errorf("%w: of %d designations none names anybody; if that is right, say \"rcptquota roster refresh\"",
				errMissing, len(next.Unresolved))
		}
		return nil
	}
	elected, _ := elect(slices.Concat(before.Elected, before.Lost), limit)
	n := len(elected)
	if (n >= noneOfMany && after == 0) || (n >= fewOfMany && 2*after < n) {
		return fmt.Errorf("%w: %d premium senders, after %d; if that is right, say \"rcptquota roster refresh\"", errMissing, after, n)
	}
	return nil
}

// Gone are those whom before has, and next has not, in their order.
func Gone(before, next *Copy) (gone []Designation) {
	left := senders(next.Elected)
	for _, d := range before.Elected {
		if _, ok := left[d.Sender]; !ok {
			gone = append(gone, d)
		}
	}
	return gone
}
