package quota

import (
	"slices"
	"strings"
)

// FromFault is what is wrong with who a message to a list says that it is from.
type FromFault int

const (
	// NoFault, the zero value: it is from its sender.
	NoFault FromFault = iota
	// EnvelopeOther: the envelope sender is no professional address of the sender.
	EnvelopeOther
	// FromMissing: there is no header From.
	FromMissing
	// FromSeveral: there is more than one, or one with several mailboxes.
	FromSeveral
	// FromMalformed: it is not one plain mailbox: "address" or "Name <address>".
	FromMalformed
	// FromOther: its address is no professional address of the sender.
	FromOther
	// FromName: its name has an address that is not the sender's.
	FromName
	// FromEncoding: its name is encoded in a way that cannot be read, and that may
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

// identity is whom a message may say that it is from.
type identity struct {
	login     string
	addresses []string // the professional ones, as PersonKey writes them
}

// owns reports whether an address is one of the professional addresses.
func (id identity) owns(address string) bool {
	return slices.Contains(id.addresses, PersonKey(address))
}

// isLoginAddress reports whether a text is the login with a domain of the
// professional addresses behind it, which webmails take for an address (SOGo).
func (id identity) isLoginAddress(text string) bool {
	local, domain := splitAddress(PersonKey(text))
	login, _ := splitAddress(PersonKey(id.login))
	return domain != "" && local == login &&
		slices.ContainsFunc(id.addresses, func(a string) bool { return strings.HasSuffix(a, "@"+domain) })
}

// fromFault holds the header From against the sender. It takes fewer forms than
// RFC 5322 section 3.4 has, so that no mail program can read another address than
// we did.
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

// fault tells what is wrong with a field that shall be one mailbox of the sender.
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
