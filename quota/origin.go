package quota

import (
	"errors"
	"net/netip"
	"slices"

	"github.com/rcptquota/rcptquota/quota/conf"
)

// origin is who sends a message and to how many, as known before the directory is asked.
type origin struct {
	role Role
	// sender is the login or, from a trusted submitter, the envelope sender; empty when
	// there is neither, and for all mail of role inbound.
	sender string
	// trusted reports that the message is from a trusted submitter, without a login.
	trusted bool
	// null reports that sender is nullSender, which the directory does not know.
	null bool
	// recipients is the number of distinct recipients that count.
	recipients int
}

// nullSender is the name under which the null sender of a trusted submitter is counted
// (RFC 5321 section 4.5.5).
const nullSender = "<>"

func (r *Rules) originOf(m *Message) origin {
	if m.Role == Inbound {
		return origin{role: Inbound, recipients: m.Recipients.Len()}
	}
	o := origin{sender: m.Login, recipients: r.exemptRecipients.count(m.Recipients)}
	if m.Login == "" && r.TrustsSubmitter(m.Client) {
		o.sender, o.trusted = m.EnvelopeSender, true
	}
	if o.trusted && o.sender == "" && o.recipients > 1 { // a bounce has one recipient
		o.sender, o.null = nullSender, true
	}
	return o
}

// unauthenticated reports whether a message is submitted without a login. The null sender
// of a trusted submitter is a bounce, which has none.
func (o *origin) unauthenticated() bool {
	return o.role == Submission && o.sender == "" && !o.trusted
}

// acceptedBecause is the reason for which a message is accepted, where no rule stops it.
func (o *origin) acceptedBecause() Reason {
	if o.role == Submission && o.sender == "" {
		return Unauthenticated
	}
	return NoReason
}

// exceedsEveryClass reports whether a message has too many recipients for any sender, so
// that the directory need not be asked. Where rules are not enforced in general, the
// limits of classes say nothing about mail without a login.
func (r *Rules) exceedsEveryClass(o *origin) bool {
	return o.role == Submission && o.recipients > r.highest && r.allEnforced && (r.enforce || o.sender != "")
}

// TrustsSubmitter reports whether mail from a client is judged without a login, by
// trusted_submitters.
func (r *Rules) TrustsSubmitter(client netip.Addr) bool { return r.trustedSubmitters.contains(client) }

// networks is a list of client networks. There are few, so they are searched in order.
type networks []netip.Prefix

// contains reports whether client is in one of the networks; an IPv4 address that
// Postfix writes mapped into IPv6 is looked up as IPv4. The zero Addr is in none.
func (n networks) contains(client netip.Addr) bool {
	client = client.Unmap()
	return slices.ContainsFunc(n, func(p netip.Prefix) bool { return p.Contains(client) })
}

func parseNetworks(key string, texts []string) (networks, error) {
	var parsed networks
	var errs []error
	for _, text := range texts {
		prefix, err := netip.ParsePrefix(text)
		if err != nil {
			var addr netip.Addr
			addr, err = netip.ParseAddr(text)
			prefix = netip.PrefixFrom(addr, addr.BitLen())
		}
		switch {
		case err != nil:
			errs = append(errs, conf.Errorf(key, "%q is not a network; write it as in \"192.0.2.0/24\", \"2001:db8::/32\" or \"192.0.2.1\"", text))
		case prefix.Addr().Is4In6():
			errs = append(errs, conf.Errorf(key, "%q is IPv4 written as IPv6; write it as in \"192.0.2.0/24\"", text))
		case prefix != prefix.Masked():
			errs = append(errs, conf.Errorf(key, "%q has bits beyond its mask; write %q", text, prefix.Masked()))
		default:
			parsed = append(parsed, prefix)
		}
	}
	return parsed, errors.Join(errs...)
}
