package quota

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/text/cases"
)

// RecipientKey is the one spelling under which recipients and lists are compared:
// what an MTA may take for the same address has the same key. Letters are folded,
// in the local part as Postfix folds them, beyond ASCII too, and the domain is in
// A-labels (RFC 5890). Plus-tags and dots stay. It copies nothing of an address
// that is in lower case and ASCII already.
func RecipientKey(address string) string {
	if lower, plain := lowerPlain(address); plain {
		return lower
	}
	local, domain := splitAddress(address)
	return join(strings.ToLower(cases.Fold().String(local)), domain, address) // some letters, of Cherokee, fold into capitals
}

// PersonKey is the one spelling under which the addresses of persons are compared:
// only what is certainly the same address has the same key. Of the local part
// ASCII letters alone are folded: others have folds into ASCII, so that a
// look-alike would become the real one. The domain is in A-labels.
func PersonKey(address string) string {
	if lower, plain := lowerPlain(address); plain {
		return lower
	}
	local, domain := splitAddress(address)
	return join(lowerASCII(local), domain, address)
}

func join(local, domain, address string) string {
	if len(domain) == 0 && !strings.HasSuffix(address, "@") {
		return local
	}
	return local + "@" + domainKey(domain)
}

// domainKey is a domain in lower case and A-labels. What is no domain name comes
// out as something that no domain's key is.
func domainKey(domain string) string {
	if lower, plain := lowerPlain(domain); plain {
		return lower
	}
	key, _ := anyDomain.ToASCII(domain) // what it makes of a wrong one is good enough to compare
	return strings.ToLower(key)
}

// anyDomain maps as UTS #46 says, and lets pass what no registry would: whether
// there is such a domain, the DNS tells.
var anyDomain = idna.New(idna.MapForLookup(), idna.StrictDomainName(false), idna.ValidateLabels(false))

// isDomain reports whether a domain, in U-labels or A-labels, may be one.
func isDomain(domain string) bool {
	if domain == "" || strings.ContainsAny(domain, "@*[] ") {
		return false
	}
	_, err := idna.Lookup.ToASCII(domain)
	return err == nil || !strings.ContainsFunc(domain, notASCII) // of what is in use, not all is in order
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

// lowerPlain returns a text in lower case, and reports whether it is ASCII.
func lowerPlain(text string) (lower string, plain bool) {
	capitals := false
	for i := range len(text) {
		b := text[i]
		if b >= utf8.RuneSelf {
			return "", false
		}
		capitals = capitals || 'A' <= b && b <= 'Z'
	}
	if capitals {
		return strings.ToLower(text), true
	}
	return text, true
}

func notASCII(r rune) bool { return r >= utf8.RuneSelf }

// lowerASCII folds the case of ASCII letters only.
func lowerASCII(text string) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, text)
}
