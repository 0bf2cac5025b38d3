package quota

import (
	"iter"
	"maps"
	"net/netip"

	"github.com/rcptquota/rcptquota/quota/conf"
	"github.com/rcptquota/rcptquota/quota/list"
	"github.com/rcptquota/rcptquota/quota/mailaddr"
)

// Role is what a listener's Postfix does with the messages it shows us.
type Role int

const (
	// Submission, the zero value, is the side where users send: one decision a
	// message, at DATA, over all its recipients.
	Submission Role = iota
	// Inbound is the MX side, where senders are not authenticated: each RCPT is
	// answered for itself and nothing is counted.
	Inbound
)

// String returns the role as the configuration and the log write it.
func (r Role) String() string {
	switch r {
	case Submission:
		return "submission"
	case Inbound:
		return "inbound"
	}
	return "unknown"
}

// UnmarshalText implements [encoding.TextUnmarshaler]. An empty text is the zero value.
func (r *Role) UnmarshalText(text []byte) error {
	i, err := conf.Word(text, Submission.String(), Inbound.String())
	*r = Role(i)
	return err
}

// Message is what Postfix says about one SMTP transaction before it takes the body.
type Message struct {
	Role Role
	// Client is the address of the SMTP client; the zero Addr where Postfix has none, as
	// for mail from sendmail(1).
	Client netip.Addr
	// Login is the SASL login ({auth_authen}); empty when the client did not
	// authenticate.
	Login string
	// EnvelopeSender is the address of MAIL FROM without its angle brackets;
	// empty for the null sender (RFC 5321 section 4.5.5).
	EnvelopeSender string
	// Recipients are the distinct recipients of the envelope; in the inbound role only
	// the one being answered.
	Recipients *Recipients
	// NoEnd reports that Postfix shows neither the header of the message nor its end,
	// so nothing can be checked or changed later.
	NoEnd bool
	// HeaderUnseen reports that Postfix shows the end of the message but not its header,
	// or must not be changed, because lists or visible_recipients were configured only
	// after the connection was made. What is to a list has to wait for another connection.
	HeaderUnseen bool
	// Forms returns the number of addresses to remove from the envelope in order to
	// remove a recipient, which depends on how the client typed it; nil: one for each.
	Forms func(recipient string) int
	// Earlier is what remains to be done for the recipients answered before this one, in
	// the inbound role; nil: nothing.
	Earlier *list.Posting
}

// toLists is what the rules of lists look at.
func (m *Message) toLists() *list.Message {
	return &list.Message{EnvelopeSender: m.EnvelopeSender, NoEnd: m.NoEnd, HeaderUnseen: m.HeaderUnseen, Forms: m.Forms, Earlier: m.Earlier}
}

// keepRecipients is the largest set whose memory the next message reuses. Clearing a map
// takes time in proportion to the most it ever held, so a large one is dropped.
const keepRecipients = 1024

// Recipients is the set of distinct recipients of one envelope, as Postfix resolved
// them, each written as by [mailaddr.RecipientKey]. The zero value is an empty set, ready
// to use.
type Recipients struct {
	set map[string]struct{}
}

// Add puts address into the set. The same address twice is one recipient.
func (r *Recipients) Add(address string) {
	if r.set == nil {
		r.set = make(map[string]struct{})
	}
	r.set[mailaddr.RecipientKey(address)] = struct{}{}
}

// Len is the number of distinct recipients.
func (r *Recipients) Len() int { return len(r.set) }

// All yields each recipient once, normalised, in no particular order.
func (r *Recipients) All() iter.Seq[string] { return maps.Keys(r.set) }

// Has reports whether a normalised address is in the set.
func (r *Recipients) Has(address string) bool {
	_, has := r.set[address]
	return has
}

// Reset empties the set for the next message of a connection.
func (r *Recipients) Reset() {
	if len(r.set) > keepRecipients {
		r.set = nil
		return
	}
	clear(r.set)
}
