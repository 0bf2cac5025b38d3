package quota

import (
	"errors"
	"net/netip"
	"slices"
	"strings"

	"github.com/rcptquota/rcptquota/quota/conf"
	"github.com/rcptquota/rcptquota/quota/mailaddr"
)

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

// exemptRecipients are the recipients that are not counted: bare names, which match
// in every domain, and whole addresses. They never exempt the message.
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

func (e exemptRecipients) contains(address string) bool {
	local, _ := mailaddr.Split(address)
	_, name := e[local]
	_, whole := e[address]
	return name || whole
}

func parseExemptRecipients(key string, texts []string) (exemptRecipients, error) {
	exempt := exemptRecipients{}
	var errs []error
	for _, text := range texts {
		local, domain := mailaddr.Split(text)
		if local == "" || strings.ContainsAny(text, " <>,*") || strings.Contains(text, "@") && domain == "" {
			errs = append(errs, conf.Errorf(key, "%q is not an address; write it as in \"abuse@ac-test.fr\", or a bare \"postmaster\"", text))
		}
		exempt[mailaddr.RecipientKey(text)] = struct{}{}
	}
	return exempt, errors.Join(errs...)
}
