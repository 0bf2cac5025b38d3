package list

import (
	"iter"
	"slices"
	"strings"

	"github.com/rcptquota/rcptquota/quota/mailaddr"
)

// Candidates are the recipients of a message that may be lists.
type Candidates struct {
	all      []candidate
	inDomain bool // some recipient is in a list domain
}

// Len is the number of them.
func (c *Candidates) Len() int { return len(c.all) }

// candidate is a recipient that may be a list.
type candidate struct {
	// recipient is the address as the envelope has it.
	recipient string
	// address is what the directory is asked about. plain, where it is not empty, is the
	// address without its extension; it is used if address is not a list.
	address, plain string
	domain         *domain
}

// Candidates finds the recipients of a message that may be lists; each is written as by
// [mailaddr.RecipientKey]. For a recipient in another domain it only looks at the domain.
func (r *Rules) Candidates(recipients iter.Seq[string]) Candidates {
	var found Candidates
	if !r.Any() {
		return found
	}
	for recipient := range recipients {
		local, domain := r.route(recipient)
		if domain == nil {
			continue
		}
		found.inDomain = true
		if r.isService(local) {
			continue
		}
		one := candidate{recipient: recipient, address: recipient, domain: domain}
		if name, at := mailaddr.Split(recipient); name != local || at != domain.name { // written in another form
			one.address = local + "@" + domain.name
		}
		if plain, extended := r.withoutExtension(local); extended {
			one.plain = plain + "@" + domain.name
		}
		found.all = append(found.all, one)
	}
	return found
}

// route finds the local part and the list domain to which an address, in lower case,
// may be delivered in the end; nil when that is not a list domain. Postfix gives the
// recipients as it resolved them. Another relay may still resolve quoted local parts,
// source routes (RFC 5321 section 4.1.2 and appendix C), and the old forms
// user%domain@relay and domain!user@relay. Nobody writes those in good faith, so a list
// domain anywhere in such an address counts.
func (r *Rules) route(address string) (local string, domain *domain) {
	local, at := mailaddr.Split(address)
	if strings.ContainsAny(local, `"\%!@:`) {
		return r.hidden(address)
	}
	return local, r.domain(at)
}

// domain returns the list domain of a key, or nil.
func (r *Rules) domain(name string) *domain {
	return r.domains[strings.TrimRight(name, ".")]
}

// hidden finds a list domain in an address of many parts, and the local part, which is
// before the domain or, with a "!", after it.
func (r *Rules) hidden(address string) (local string, domain *domain) {
	address = strings.NewReplacer(`"`, "", `\`, "", " ", "", "\t", "").Replace(address)
	before, separator := "", byte(0)
	for address != "" {
		part, rest := address, ""
		next := strings.IndexAny(address, "@%!:,")
		if next >= 0 {
			part, rest = address[:next], address[next+1:]
		}
		if d := r.domain(mailaddr.DomainKey(part)); d != nil && (separator == '@' || separator == '%') && before != "" {
			return before, d
		}
		if d := r.domain(mailaddr.DomainKey(before)); d != nil && separator == '!' {
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
func (r *Rules) withoutExtension(local string) (plain string, cut bool) {
	i := strings.IndexAny(local, r.delimiters)
	if r.delimiters == "" || i <= 0 {
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
func (r *Rules) isService(local string) bool {
	name, _, _ := strings.Cut(local, "+")
	if strings.HasPrefix(name, "owner-") || slices.Contains(serviceNames, name) {
		return true
	}
	if strings.Contains(r.delimiters, "-") {
		return strings.HasSuffix(local, "-request")
	}
	name, _ = r.withoutExtension(name)
	return slices.ContainsFunc(serviceSuffixes, func(suffix string) bool { return strings.HasSuffix(name, suffix) })
}
