package quota

import (
	"context"
	"errors"

	"github.com/rcptquota/rcptquota/quota/list"
)

// The errors of a [Directory] that are certain answers. Any other error means that the
// directory is unavailable, and nothing is known.
var (
	// ErrAbsent: a search that succeeded found no entry.
	ErrAbsent = errors.New("no such entry in the directory")
	// ErrAmbiguous: several entries match where one was expected, so none can be
	// trusted.
	ErrAmbiguous = errors.New("several entries match in the directory")
)

// Directory says what is known about senders and lists. It is called for every
// message by many goroutines at once, and answers from memory when it can.
//
// A [Sender] is stale when it is the last known answer, because the directory could not be
// asked again in time; its field Stale then says why, and is nil in a fresh answer.
// Nothing is refused for good on a stale answer, and a post to a list is deferred. No
// other answer is ever stale: that there is no such sender, what is known of a list, and
// that an address is not a list's are certain, or the directory is unavailable.
type Directory interface {
	// Sender finds the one entry of a login, in whatever case it is written.
	// The error is nil when it is found; it wraps ErrAbsent or ErrAmbiguous when the
	// directory has just said so; any other error means that the directory cannot be
	// asked now.
	Sender(ctx context.Context, login string) (Sender, error)
	list.Directory
}

// Sender is what the directory knows about one sender. It is shared: do not
// change its slices or its map.
type Sender struct {
	// ID is the directory's own name of the sender, which it also uses for managers of
	// lists and designated senders: in LDAP the entry's DN (RFC 4514) in one spelling,
	// in a directory in a file the login in lower case.
	ID string
	// Addresses are the professional addresses, each as [mailaddr.PersonKey] writes it.
	Addresses []string
	// Establishment is the sender's school as the directory names it: a UAI such
	// as "0310001A", or the DN of its entry; empty when unknown.
	Establishment string
	// Premium reports whether the sender is designated, and that is in effect.
	Premium bool
	// Doubt is nil when Premium is certain; otherwise it says why that cannot be known
	// now, and Premium is as last known.
	Doubt error
	// Attributes are the values of the attributes that classes match on, by the
	// attribute's name in lower case.
	Attributes map[string][]string
	// Stale is as [Directory] says.
	Stale error
}
