package quota

import (
	"slices"
	"strings"

	"github.com/rcptquota/rcptquota/quota/mailaddr"
)

// listRecipient is a recipient that may be a list.
type listRecipient struct {
	// recipient is the address as the envelope has it.
	recipient string
	// address is what the directory is asked about. plain, where it is not empty, is the
	// address without its extension; it is used if address is not a list.
	address, plain string
	domain         *listDomain
}

// recipients finds the recipients of a message that may be lists, and reports whether
// any recipient is in a list domain. For a recipient in another domain it only looks at
// the domain.
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
		if name, at := mailaddr.Split(recipient); name != local || at != domain.name { // written in another form
			candidate.address = local + "@" + domain.name
		}
		if plain, extended := l.withoutExtension(local); extended {
			candidate.plain = plain + "@" + domain.name
		}
		found = append(found, candidate)
	}
	return found, inDomain
}

// route finds the local part and the list domain to which an address, in lower case,
// may be delivered in the end; nil when that is not a list domain. Postfix gives the
// recipients as it resolved them. Another relay may still resolve quoted local parts,
// source routes (RFC 5321 section 4.1.2 and appendix C), and the old forms
// user%domain@relay and domain!user@relay. Nobody writes those in good faith, so a list
// domain anywhere in such an address counts.
func (l *lists) route(address string) (local string, domain *listDomain) {
	local, at := mailaddr.Split(address)
	if strings.ContainsAny(local, `"\%!@:`) {
		return l.hidden(address)
	}
	return local, l.domain(at)
}

// domain returns the list domain of a key, or nil.
func (l *lists) domain(name string) *listDomain {
	return l.domains[strings.TrimRight(name, ".")]
}

// hidden finds a list domain in an address of many parts, and the local part, which is
// before the domain or, with a "!", after it.
func (l *lists) hidden(address string) (local string, domain *listDomain) {
	address = strings.NewReplacer(`"`, "", `\`, "", " ", "", "\t", "").Replace(address)
	before, separator := "", byte(0)
	for address != "" {
		part, rest := address, ""
		next := strings.IndexAny(address, "@%!:,")
		if next >= 0 {
			part, rest = address[:next], address[next+1:]
		}
		if d := l.domain(mailaddr.DomainKey(part)); d != nil && (separator == '@' || separator == '%') && before != "" {
			return before, d
		}
		if d := l.domain(mailaddr.DomainKey(before)); d != nil && separator == '!' {
			local, domain = part, d
		}
		if next >= 0 {
			separator = address[next]
		}
		before, address = part, rest
	}
	return local, domain
}

// withoutExtension cuts a local part at the first delimiter that is not its first
// character, as Postfix does (recipient_delimiter in postconf(5)).
func (l *lists) withoutExtension(local string) (plain string, cut bool) {
	i := strings.IndexAny(local, l.delimiters)
	if l.delimiters == "" || i <= 0 {
		return local, false
	}
	return local[:i], true
}

// Service addresses of Sympa and Mailman, of a domain and of each list. They are not
// lists, whatever the directory says.
var (
	serviceNames    = []string{"abuse-feedback-report", "bounce", "listmaster", "mailer-daemon", "mailman", "postmaster", "sympa"}
	serviceSuffixes = []string{"-bounces", "-confirm", "-editor", "-join", "-leave", "-owner", "-request", "-subscribe", "-unsubscribe"}
)

// isService reports whether a local part is a service address. After a "+" these have
// what identifies a bounce or a confirmation, whatever the delimiter is. With "-" as the
// delimiter Postfix takes what follows it for an extension of the list, unless the local
// part ends in "-request" (ownreq_special_address in postconf(5)).
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
