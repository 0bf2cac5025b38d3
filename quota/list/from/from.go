package from

import (
	"slices"
	"strings"

	"github.com/rcptquota/rcptquota/quota/mailaddr"
)

// Fault is what is wrong with the sender that a message to a list names.
type Fault int

const (
	// NoFault, the zero value: the message names its sender.
	NoFault Fault = iota
	// Envelope: the envelope sender is not one of the sender's professional
	// addresses.
	Envelope
	// Missing: the header From is missing.
	Missing
	// Several: there are several From fields, or one with several mailboxes.
	Several
	// Malformed: From is not one plain mailbox, "address" or "Name <address>".
	Malformed
	// OtherAddress: its address is not one of the sender's professional addresses.
	OtherAddress
	// Name: its name contains an address that is not the sender's.
	Name
	// Encoding: its name is encoded in a way that cannot be decoded, and that may
	// hide an address.
	Encoding
)

// String returns the value of the log key "from_check".
func (f Fault) String() string {
	switch f {
	case NoFault:
		return "none"
	case Envelope:
		return "envelope"
	case Missing:
		return "missing"
	case Several:
		return "several"
	case Malformed:
		return "malformed"
	case OtherAddress:
		return "other_address"
	case Name:
		return "name"
	case Encoding:
		return "encoding"
	}
	return "unknown"
}

// Identity is whom a message may name as its sender.
type Identity struct {
	// Login is the SASL login.
	Login string
	// Addresses are the professional addresses, as [mailaddr.PersonKey] writes them.
	Addresses []string
}

// owns reports whether an address is one of the professional addresses.
func (id Identity) owns(address string) bool {
	return slices.Contains(id.Addresses, mailaddr.PersonKey(address))
}

// isLoginAddress reports whether text is the login followed by a domain of the
// professional addresses, which some webmails use as an address (SOGo).
func (id Identity) isLoginAddress(text string) bool {
	local, domain := mailaddr.Split(mailaddr.PersonKey(text))
	login, _ := mailaddr.Split(mailaddr.PersonKey(id.Login))
	return domain != "" && local == login &&
		slices.ContainsFunc(id.Addresses, func(a string) bool { return strings.HasSuffix(a, "@"+domain) })
}

// Check compares the fields From of a message with the sender. It accepts fewer forms than
// RFC 5322 section 3.4 allows, so that no mail program reads another address in them.
func (id Identity) Check(fields []string) Fault {
	switch len(fields) {
	case 0:
		return Missing
	case 1:
		return id.CheckField(fields[0])
	}
	return Several
}

// CheckField says what is wrong with a field that has to be one mailbox of the sender.
func (id Identity) CheckField(value string) Fault {
	m, fault := parseMailbox(value)
	switch {
	case fault != NoFault:
		return fault
	case m.bareName && (!id.owns(m.name) || !isPlainAddress(m.name)):
		return Malformed
	case !id.owns(m.address):
		return OtherAddress
	}
	return id.nameFault(m.name)
}
