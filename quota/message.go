package quota

import (
	"net/netip"

	"github.com/rcptquota/rcptquota/quota/conf"
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
	// because lists were configured only after the connection was made. What is to a list
	// has to wait for another connection.
	HeaderUnseen bool
	// Forms returns the number of addresses to remove from the envelope in order to
	// remove a recipient, which depends on how the client typed it; nil: one for each.
	Forms func(recipient string) int
	// Earlier is what remains to be done for the recipients answered before this one, in
	// the inbound role; nil: nothing.
	Earlier *Posting
}

// removals is the number of addresses to remove from the envelope for recipients
// answered earlier.
func (m *Message) removals() (n int) {
	if m.Earlier == nil {
		return 0
	}
	for _, r := range m.Earlier.Redirects {
		n += m.forms(r.Recipient)
	}
	return n
}

// removalsFor is the number of further addresses to remove if a recipient is redirected.
func (m *Message) removalsFor(recipient string) int {
	if m.Earlier != nil && m.Earlier.redirects(recipient) {
		return 0
	}
	return m.forms(recipient)
}

func (m *Message) forms(recipient string) int {
	if m.Forms == nil {
		return 1
	}
	return m.Forms(recipient)
}
