package roster

import (
	"errors"
	"fmt"
	"slices"
)

// After a change of its access rules, or from a new replica, a directory may answer
// without an error that nobody is designated: it no longer sees the designation
// groups, or the people in them. A small site may well withdraw its only premium
// senders, so small numbers prove nothing.
const (
	// noneOfMany is the least number of premium senders of whom it is not believed
	// that none is left.
	noneOfMany = 3
	// fewOfMany is the least number of whom it is not believed that fewer than half
	// are left.
	fewOfMany = 10
)

// errMissing says that nearly everybody is missing from a copy.
var errMissing = errors.New("nearly everybody is missing from the directory")

// Missing returns why next is not believed, or nil if it is. before is the last copy
// that was believed, or nil if there is none; those whom it has are counted by limit,
// since the configuration may have lowered that meanwhile.
func Missing(before, next *Copy, limit int) error {
	after := len(next.Elected)
	if before == nil {
		if after == 0 && len(next.Unresolved) >= noneOfMany {
			return fmt.Errorf("%w: none of %d designations names anybody; if that is right, run \"rcptquota roster refresh\"",
				errMissing, len(next.Unresolved))
		}
		return nil
	}
	elected, _ := elect(slices.Concat(before.Elected, before.Lost), limit)
	n := len(elected)
	if (n >= noneOfMany && after == 0) || (n >= fewOfMany && 2*after < n) {
		return fmt.Errorf("%w: %d premium senders, down from %d; if that is right, run \"rcptquota roster refresh\"", errMissing, after, n)
	}
	return nil
}

// Gone returns those who are premium in before and not in next, in the order of before.
func Gone(before, next *Copy) (gone []Designation) {
	left := senders(next.Elected)
	for _, d := range before.Elected {
		if _, ok := left[d.Sender]; !ok {
			gone = append(gone, d)
		}
	}
	return gone
}
