package list

import (
	"net/mail"
	"slices"
	"strings"
	"unicode"

	"github.com/rcptquota/rcptquota/quota/mailaddr"
)

// List is what the directory knows about one mailing list. It is shared: do not
// change it.
type List struct {
	// Owners and Moderators are those that the directory could resolve to a person.
	Owners, Moderators []Person
	// Moderated reports whether the list names moderators, resolved or not.
	Moderated bool
	// Members is their number.
	Members int
	// Fault is a mistake in the directory about the list, for the log: a manager who
	// resolves to nobody, or several entries with the list's address, which then has no
	// managers.
	Fault error
}

// Person is an owner or a moderator of a list.
type Person struct {
	// ID is the directory's own name of the person, as a sender's.
	ID string
	// Addresses are the professional addresses, each as [mailaddr.PersonKey] writes it;
	// mail goes to the first one.
	Addresses []string
}

// Answer is what the directory says about one address.
type Answer struct {
	// List is nil when the address is not a list's.
	List *List
	// Err is nil when the directory knows the answer; otherwise it says why the directory
	// cannot be asked now.
	Err error
}

// Managers are the people who may post: the moderators or, where the list provably
// has none, the owners.
func (l *List) Managers() []Person {
	if l.Moderated {
		return l.Moderators
	}
	return l.Owners
}

// ReplyAddresses returns one address for each manager of the list, in the list's order: the
// first that is not in a list domain. Nothing checks who may write to a recipient that
// we add, so that must not be a list.
func (r *Recipient) ReplyAddresses() []string {
	var all []string
	for _, m := range r.Managers() {
		i := slices.IndexFunc(m.Addresses, func(address string) bool { return mailable(address) && r.rules.isOutside(address) })
		if i >= 0 {
			all = union(all, m.Addresses[i:i+1])
		}
	}
	return all
}

// isOutside reports whether an address cannot be delivered to a list domain, in whatever
// form it is written. A domain beyond ASCII might be folded to a list domain.
func (r *Rules) isOutside(address string) bool {
	_, at := mailaddr.Split(address)
	_, domain := r.route(address)
	return domain == nil && !strings.ContainsFunc(at, func(c rune) bool { return c > unicode.MaxASCII })
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
