package mailaddr

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/text/cases"
)

// RecipientKey returns the form in which recipients and lists are compared. Addresses
// that an MTA may treat as the same have the same key: the local part is folded as
// Postfix folds it, also beyond ASCII, and the domain is in A-labels (RFC 5890).
// Plus-tags and dots are kept. An address that is already in lower case and ASCII is
// returned as it is, without a copy.
func RecipientKey(address string) string {
	if lower, plain := lowerPlain(address); plain {
		return lower
	}
	local, domain := Split(address)
	return join(strings.ToLower(cases.Fold().String(local)), domain, address) // Cherokee letters fold to capitals
}

// PersonKey returns the form in which people's addresses are compared. Only addresses
// that are certainly the same have the same key. In the local part only ASCII letters
// are folded: some other letters fold to ASCII ones, and a look-alike would become the
// real address. The domain is in A-labels.
func PersonKey(address string) string {
	if lower, plain := lowerPlain(address); plain {
		return lower
	}
	local, domain := Split(address)
	return join(lowerASCII(local), domain, address)
}

func join(local, domain, address string) string {
	if len(domain) == 0 && !strings.HasSuffix(address, "@") {
		return local
	}
	return local + "@" + DomainKey(domain)
}

// DomainKey returns a domain in lower case and A-labels. Text that is not a domain name
// gets a key that no domain has.
func DomainKey(domain string) string {
	if lower, plain := lowerPlain(domain); plain {
		return lower
	}
	key, _ := anyDomain.ToASCII(domain) // of an invalid name, the result still serves for comparison
	return strings.ToLower(key)
}

// anyDomain maps as in UTS #46, and accepts names that no registry would: whether the
// domain exists is for the DNS to say.
var anyDomain = idna.New(idna.MapForLookup(), idna.StrictDomainName(false), idna.ValidateLabels(false))

// IsDomain reports whether text can be a domain, in U-labels or A-labels.
func IsDomain(domain string) bool {
	if domain == "" || strings.ContainsAny(domain, "@*[] ") {
		return false
	}
	_, err := idna.Lookup.ToASCII(domain)
	return err == nil || !strings.ContainsFunc(domain, notASCII) // some domains in use break the rules
}

// Split cuts an address at its last "@"; the domain is empty for a bare
// name. A local part may contain a quoted "@" (RFC 5321 section 4.1.2).
func Split(address string) (local, domain string) {
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
