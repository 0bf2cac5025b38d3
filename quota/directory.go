package quota

import (
	"context"
	"errors"
)

// The certain answers of a [Directory] that are not a sender. Any other error
// means that the directory is unavailable: nothing is known.
var (
	// ErrAbsent: a search that succeeded found no entry.
	ErrAbsent = errors.New("no such entry in the directory")
	// ErrAmbiguous: several entries match where one was expected, so that none
	// can be trusted.
	ErrAmbiguous = errors.New("several entries match in the directory")
)

// Directory tells what is known of senders and of lists. It is called for every
// message by many goroutines at once and answers from memory when it can.
//
// While it cannot be asked, it may answer about a sender with what it said last, for a
// limited time: that answer is stale, and its Stale tells why. With a stale answer a
// message may pass or be deferred, but not be refused for good. All other answers are
// fresh: nobody is absent or ambiguous, and no address is a list's or is not, by an old
// answer. Those are errors then.
type Directory interface {
	// Sender finds the one entry of a login, in whatever case it is written.
	// The error is nil when it is found; wraps ErrAbsent or ErrAmbiguous when the
	// directory was just asked and said so; and anything else means that the
	// directory cannot be asked now.
	Sender(ctx context.Context, login string) (Sender, error)
	// Lists tells of each address, as [RecipientKey] writes it and without an extension, whether
	// it is a list's: one answer for each, in their order, over few searches.
	Lists(ctx context.Context, addresses []string) []ListAnswer
}

// Sender is what the directory knows of one sender. It is shared: do not
// change its slices or its map.
type Sender struct {
	// ID is the directory's own name of the sender, by which it names managers of
	// lists and designated senders too: of an LDAP directory the entry's DN
	// (RFC 4514) in one spelling, of a directory in a file the login in lower case.
	ID string
	// Addresses are the professional addresses, each as [PersonKey] writes it.
	Addresses []string
	// Establishment is the sender's school as the directory names it: a UAI such
	// as "0310001A", or the DN of its entry; empty when unknown.
	Establishment string
	// Premium reports whether the sender is designated, and that is in effect.
	Premium bool
	// Doubt is nil when Premium is certain; otherwise it tells why that can't be
	// known now, and Premium is as it was last known.
	Doubt error
	// Attributes are the values of those attributes that classes match on, by
	// attribute name in lower case.
	Attributes map[string][]string
	// Stale is nil for a fresh answer; otherwise it tells why the directory could not
	// be asked again, as [Directory] says.
	Stale error
}
