package quota

import (
	"slices"
	"strings"
)

// listRecipient is a recipient that may be a list.
type listRecipient struct {
	// recipient is the address as the envelope has it.
	recipient string
	// address is what the directory is asked for; plain, where it is not empty, is
	// the same without its extension, which counts if the former is no list.
	address, plain string
	domain         *listDomain
}

// recipients finds those of a message that may be lists, and tells whether any
// recipient is in a list domain. A recipient outside of them costs a look at its
// domain.
func (l *lists) recipients(all *Recipients) (found []listRecipient, inDomain bool) {
	if len(l.domains) == 0 {
		return nil, false
	}
	for recipient := range all.All() {
		local, domain := l.route(recipient)
		if domain == nil {
			continue
		}
		inDomain = true
		if l.isService(local) {
			continue
		}
		candidate := listRecipient{recipient: recipient, address: recipient, domain: domain}
		if name, at := splitAddress(recipient); name != local || at != domain.name { // not the plain form
			candidate.address = local + "@" + domain.name
		}
		if plain, extended := l.withoutExtension(local); extended {
			candidate.plain = plain + "@" + domain.name
		}
		found = append(found, candidate)
	}
	return found, inDomain
}

// route finds the local part and the list domain where an address, in lower
// case, may end up; nil when that is no list domain. Postfix tells recipients as
// it resolved them. What is left in them for another relay to resolve are quoted
// local parts, source routes (RFC 5321 section 4.1.2 and appendix C), and the old
// forms user%domain@relay and domain!user@relay; nobody writes them in good
// faith, so that a list domain anywhere in such an address counts.
func (l *lists) route(address string) (local string, domain *listDomain) {
	local, at := splitAddress(address)
	if strings.ContainsAny(local, `"\%!@:`) {
		return l.hidden(address)
	}
	return local, l.domain(at)
}

// domain finds a list domain by its key.
func (l *lists) domain(name string) *listDomain {
	return l.domains[strings.TrimRight(name, ".")]
}

// hidden finds a list domain in an address of many parts, and the local part
// before it, or, behind a "!", after it.
func (l *lists) hidden(address string) (local string, domain *listDomain) {
	address = strings.NewReplacer(`"`, "", `\`, "", " ", "", "\t", "").Replace(address)
	before, separator := "", byte(0)
	for address != "" {
		part, rest := address, ""
		next := strings.IndexAny(address, "@%!:,")
		if next >= 0 {
			part, rest = address[:next], address[next+1:]
		}
		if d := l.domain(domainKey(part)); d != nil && (separator == '@' || separator == '%') && before != "" {
			return before, d
		}
		if d := l.domain(domainKey(before)); d != nil && separator == '!' {
			local, domain = part, d
		}
		if next >= 0 {
			separator = address[next]
		}
		before, address = part, rest
	}
	return local, domain
}

// withoutExtension cuts a local part at the first delimiter, as Postfix does
// (recipient_delimiter in postconf(5)): never at its beginning.
func (l *lists) withoutExtension(local string) (plain string, cut bool) {
	i := strings.IndexAny(local, l.delimiters)
	if l.delimiters == "" || i <= 0 {
		return local, false
	}
	return local[:i], true
}

// Service addresses of Sympa and Mailman, of every domain and of each list. They
// are no lists, whatever the directory says.
var (
	serviceNames    = []string{"abuse-feedback-report", "bounce", "listmaster", "mailer-daemon", "mailman", "postmaster", "sympa"}
	serviceSuffixes = []string{"-bounces", "-confirm", "-editor", "-join", "-leave", "-owner", "-request", "-subscribe", "-unsubscribe"}
)

// isService reports whether a local part is a service address. Behind a "+"
// these have what they need to know again a bounce or a confirmation, whatever
// the delimiter. With a "-" for a delimiter, Postfix takes what is behind it for
// an extension of the list, unless the whole ends with "-request"
// (ownreq_special_address in postconf(5)).
func (l *lists) isService(local string) bool {
	name, _, _ := strings.Cut(local, "+")
	if strings.HasPrefix(name, "owner-") || slices.Contains(serviceNames, name) {
		return true
	}
	if strings.Contains(l.delimiters, "-") {
		return strings.HasSuffix(local, "-request")
	}
	name, _ = l.withoutExtension(name)
	return slices.ContainsFunc(serviceSuffixes, func(suffix string) bool { return strings.HasSuffix(name, suffix) })
}
