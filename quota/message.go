package quota

import "net/netip"

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
	// NoEnd reports that Postfix will show neither the header nor the end of the
	// message, so that it cannot be checked or changed later.
	NoEnd bool
}
