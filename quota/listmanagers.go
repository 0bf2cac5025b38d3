package quota

import (
	"net/mail"
	"slices"
	"strings"
	"unicode"

	"github.com/rcptquota/rcptquota/quota/mailaddr"
)

// addresses returns one address for each manager of the list, in the list's order: the
// first that is not in a list domain. Nothing checks who may write to a recipient that
// we add, so that must not be a list.
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

// isOutside reports whether an address cannot be delivered to a list domain, in whatever
// form it is written. A domain beyond ASCII might be folded to a list domain.
func (l *lists) isOutside(address string) bool {
	_, at := mailaddr.Split(address)
	_, domain := l.route(address)
	return domain == nil && !strings.ContainsFunc(at, func(r rune) bool { return r > unicode.MaxASCII })
}

// mailable reports whether an address of the directory can be written into an envelope
// and a header as it is. Postfix rejects addresses that begin with "-" (allow_min_user
// in postconf(5)).
func mailable(address string) bool {
	parsed, err := mail.ParseAddress(address)
	return err == nil && parsed.Address == address && parsed.Name == "" && !strings.HasPrefix(address, "-")
}

// union adds to a the strings of b that it lacks.
func union(a, b []string) []string {
	for _, s := range b {
		if !slices.Contains(a, s) {
			a = append(a, s)
		}
	}
	return a
}
