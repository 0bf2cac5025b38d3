package quota

import (
	"iter"
	"net/netip"
	"slices"
)

// networks is a list of client networks; a handful, so looked through in order.
type networks []netip.Prefix

// contains reports whether client, as IPv4 even where Postfix writes it mapped
// into IPv6, is in one of the networks. The zero Addr is in none.
func (n networks) contains(client netip.Addr) bool {
	client = client.Unmap()
	return slices.ContainsFunc(n, func(p netip.Prefix) bool { return p.Contains(client) })
}

// exemptRecipients are the recipients that are left out of the count: bare
// names, which match in every domain, and whole addresses. They never exempt
// the message.
type exemptRecipients map[string]struct{}

// count returns how many of the recipients count.
func (e exemptRecipients) count(recipients *Recipients) int {
	n := recipients.Len()
	if len(e) == 0 {
		return n
	}
	for address := range recipients.All() {
		if e.contains(address) {
			n--
		}
	}
	return n
}

// counted yields the recipients that count.
func (e exemptRecipients) counted(recipients *Recipients) iter.Seq[string] {
	if len(e) == 0 {
		return recipients.All()
	}
	return func(yield func(string) bool) {
		for address := range recipients.All() {
			if !e.contains(address) && !yield(address) {
				return
			}
		}
	}
}

func (e exemptRecipients) contains(address string) bool {
	local, _ := splitAddress(address)
	_, name := e[local]
	_, whole := e[address]
	return name || whole
}
