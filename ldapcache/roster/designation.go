package roster

import (
	"cmp"
	"context"
	"slices"
	"strings"
)

// Designation says that an establishment designated a sender.
type Designation struct {
	// Establishment is the UAI of the sender's reference establishment, or its
	// entry's DN where that has none; empty when unknown.
	Establishment string `json:"establishment,omitempty"`
	// Sender is the sender's [quota.Sender.ID].
	Sender string `json:"sender"`
	// Login names the sender to people, in a log; it may be empty.
	Login string `json:"login,omitempty"`
}

// Source is where designations are entered: the directory.
type Source interface {
	// Designations lists all that are entered now, in any order, maybe twice; and, as
	// written, those that resolve to nobody. An error means that the directory cannot be
	// asked: the roster before stays.
	Designations(ctx context.Context) (all []Designation, unresolved []string, err error)
}

// elect returns the designations that count, at most limit an establishment, and
// those that lost to that limit, each in a fixed order: by establishment, then by
// sender. Directories match the names of establishments without regard to case,
// and so does the limit. It cannot be held against senders whose establishment is
// unknown: they all count.
func elect(designations []Designation, limit int) (elected, lost []Designation) {
	sorted := slices.Clone(designations)
	slices.SortFunc(sorted, func(a, b Designation) int {
		return cmp.Or(cmp.Compare(fold(a), fold(b)), cmp.Compare(a.Sender, b.Sender),
			cmp.Compare(a.Establishment, b.Establishment), cmp.Compare(a.Login, b.Login))
	})
	sorted = slices.CompactFunc(sorted, func(a, b Designation) bool {
		return fold(a) == fold(b) && a.Sender == b.Sender
	})
	seats, establishment := 0, ""
	for _, d := range sorted {
		if fold(d) != establishment {
			seats, establishment = 0, fold(d)
		}
		if establishment != "" && seats == limit {
			lost = append(lost, d)
			continue
		}
		seats++
		elected = append(elected, d)
	}
	premium := senders(elected)
	return elected, slices.DeleteFunc(lost, func(d Designation) bool {
		_, elsewhere := premium[d.Sender]
		return elsewhere
	})
}

// fold is the establishment as it is compared.
func fold(d Designation) string { return strings.ToLower(d.Establishment) }

// senders is the set of those designated.
func senders(designations []Designation) map[string]struct{} {
	set := make(map[string]struct{}, len(designations))
	for _, d := range designations {
		set[d.Sender] = struct{}{}
	}
	return set
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
