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

// UnmarshalText implements [encoding.TextUnmarshaler]: it takes what String returns, and
// the zero value's for an empty text.
func (r *Role) UnmarshalText(text []byte) error {
	i, err := conf.Word(text, Submission.String(), Inbound.String())
	*r = Role(i)
	return err
}

// Message is what Postfix told of one SMTP transaction before the body travels.
type Message struct {
	Role Role
	// Client is the address of the SMTP client; the zero Addr when Postfix knows
	// none, as for mail from sendmail(1).
	Client netip.Addr
	// Login is the SASL login ({auth_authen}); empty when the client did not
	// authenticate.
	Login string
	// EnvelopeSender is the address of MAIL FROM without its angle brackets;
	// empty for the null sender (RFC 5321 section 4.5.5).
	EnvelopeSender string
	// Recipients are the envelope's distinct recipients; in the inbound role,
	// the one that is being answered.
	Recipients *Recipients
	// NoEnd reports that Postfix shows neither the header of the message nor its
	// end, so that nothing can be looked at or changed after this.
	NoEnd bool
	// Forms returns how many addresses have to be taken out of the envelope to take out
	// a recipient, by how it was typed; nil: one for each.
	Forms func(recipient string) int
	// Earlier is what remains to be done for those recipients that were answered before
	// this one, in the inbound role; nil: nothing.
	Earlier *Posting
}

// removals is how many addresses have to be taken out of the envelope already.
func (m *Message) removals() (n int) {
	if m.Earlier == nil {
		return 0
	}
	for _, r := range m.Earlier.Redirects {
		n += m.forms(r.Recipient)
	}
	return n
}

// removalsFor is how many more have to be taken out if a recipient is redirected.
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
