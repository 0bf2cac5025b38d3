package quota

import (
	"net/mail"
	"slices"
	"strings"
	"unicode"
)

// addresses are where the managers of the list get mail, in the order of the list:
// each at the first of one's addresses that is none in a list domain. Postfix asks
// nobody who may write to a recipient that we add.
func (p *post) addresses() []string {
	var all []string
	for _, m := range p.list.Managers() {
		i := slices.IndexFunc(m.Addresses, func(address string) bool { return mailable(address) && p.rules.isOutside(address) })
		if i >= 0 {
			all = union(all, m.Addresses[i:i+1])
		}
	}
	return all
}

// isOutside reports whether an address ends up in no list domain, in whatever form
// it is written, or with letters that Postfix might fold to those of one.
func (l *lists) isOutside(address string) bool {
	_, at := splitAddress(address)
	_, domain := l.route(address)
	return domain == nil && !strings.ContainsFunc(at, func(r rune) bool { return r > unicode.MaxASCII })
}

// mailable reports whether an address of the directory can stand in an envelope
// and in a header as it is. A "-" at its beginning is none to Postfix
// (allow_min_user in postconf(5)).
func mailable(address string) bool {
	parsed, err := mail.ParseAddress(address)
	return err == nil && parsed.Address == address && parsed.Name == "" && !strings.HasPrefix(address, "-")
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
