package quota

import (
	"slices"
	"strings"

	"github.com/rcptquota/rcptquota/quota/mailaddr"
)

// FromFault is what is wrong with the sender that a message to a list names.
type FromFault int

const (
	// NoFault, the zero value: the message names its sender.
	NoFault FromFault = iota
	// EnvelopeOther: the envelope sender is not one of the sender's professional
	// addresses.
	EnvelopeOther
	// FromMissing: the header From is missing.
	FromMissing
	// FromSeveral: there are several From fields, or one with several mailboxes.
	FromSeveral
	// FromMalformed: From is not one plain mailbox, "address" or "Name <address>".
	FromMalformed
	// FromOther: its address is not one of the sender's professional addresses.
	FromOther
	// FromName: its name contains an address that is not the sender's.
	FromName
	// FromEncoding: its name is encoded in a way that cannot be decoded, and that may
	// hide an address.
	FromEncoding
)

// String returns the value of the log key "from_check".
func (f FromFault) String() string {
	switch f {
	case NoFault:
		return "none"
	case EnvelopeOther:
		return "envelope"
	case FromMissing:
		return "missing"
	case FromSeveral:
		return "several"
	case FromMalformed:
		return "malformed"
	case FromOther:
		return "other_address"
	case FromName:
		return "name"
	case FromEncoding:
		return "encoding"
	}
	return "unknown"
}

// identity is whom a message may name as its sender.
type identity struct {
	login     string
	addresses []string // professional, as mailaddr.PersonKey writes them
}

// owns reports whether an address is one of the professional addresses.
func (id identity) owns(address string) bool {
	return slices.Contains(id.addresses, mailaddr.PersonKey(address))
}

// isLoginAddress reports whether text is the login followed by a domain of the
// professional addresses, which some webmails use as an address (SOGo).
func (id identity) isLoginAddress(text string) bool {
	local, domain := mailaddr.Split(mailaddr.PersonKey(text))
	login, _ := mailaddr.Split(mailaddr.PersonKey(id.login))
	return domain != "" && local == login &&
		slices.ContainsFunc(id.addresses, func(a string) bool { return strings.HasSuffix(a, "@"+domain) })
}

// fromFault compares the header From with the sender. It accepts fewer forms than RFC
// 5322 section 3.4 allows, so that no mail program reads another address in it.
func (h *Header) fromFault(id identity) FromFault {
	switch len(h.From) {
	case 0:
		return FromMissing
	case 1:
	default:
		return FromSeveral
	}
	return id.fault(h.From[0])
}

// fault says what is wrong with a field that has to be one mailbox of the sender.
func (id identity) fault(value string) FromFault {
	m, fault := parseMailbox(value)
	switch {
	case fault != NoFault:
		return fault
	case m.bareName && (!id.owns(m.name) || !isPlainAddress(m.name)):
		return FromMalformed
	case !id.owns(m.address):
		return FromOther
	}
	return id.nameFault(m.name)
}
