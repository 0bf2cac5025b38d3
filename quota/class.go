package quota

import (
	"slices"
	"strings"
)

// Limits are what a class allows.
type Limits struct {
	// Recipients is the most distinct recipients of one message, at least 1.
	Recipients int
	// Windows count over messages; there may be none.
	Windows []Window
}

// Class is a named set of limits. A site names its own.
type Class struct {
	Name   string
	Limits Limits
	// Enforce is false for a class whose refusals are only logged, as
	// would_refuse.
	Enforce bool
	Match   Match
}

// Match says which senders belong to a class: by the domain of a professional
// address, or by the value of an attribute. The zero Match matches nobody.
type Match struct {
	// Domains in lower case, compared whole.
	Domains []string
	// Attribute is the name of a directory attribute in lower case, and Values
	// those values, compared without regard to case, that belong to the class.
	Attribute string
	Values    []string
}

func (m *Match) matches(s *Sender) bool {
	for _, address := range s.Addresses {
		_, domain := splitAddress(address)
		if slices.Contains(m.Domains, domain) {
			return true
		}
	}
	if m.Attribute == "" {
		return false
	}
	return slices.ContainsFunc(s.Attributes[m.Attribute], func(value string) bool {
		return slices.ContainsFunc(m.Values, func(want string) bool { return strings.EqualFold(want, value) })
	})
}

// splitAddress cuts an address at its last "@"; the domain is empty for a bare
// name. A local part may hold an "@" in quotes (RFC 5321 section 4.1.2).
func splitAddress(address string) (local, domain string) {
	at := strings.LastIndexByte(address, '@')
	if at < 0 {
		return address, ""
	}
	return address[:at], address[at+1:]
}
