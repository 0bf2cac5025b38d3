package quota

import (
	"net/mail"
	"slices"
)

// addresses are where the managers get mail, in the order of the list.
func (l *List) addresses() []string {
	var all []string
	for _, m := range l.Managers() {
		i := slices.IndexFunc(m.Addresses, mailable)
		if i >= 0 {
			all = union(all, m.Addresses[i:i+1])
		}
	}
	return all
}

// mailable reports whether an address of the directory can stand in an envelope
// and in a header as it is.
func mailable(address string) bool {
	parsed, err := mail.ParseAddress(address)
	return err == nil && parsed.Address == address && parsed.Name == ""
}

// union adds to a what b has more.
func union(a, b []string) []string {
	for _, s := range b {
		if !slices.Contains(a, s) {
			a = append(a, s)
		}
	}
	return a
}
