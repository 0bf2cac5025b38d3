package ldapcache

import (
	"net/url"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/go-ldap/ldap/v3"

	"github.com/rcptquota/rcptquota/quota"
)

// kind is how a value names someone.
type kind int

const (
	unintelligible kind = iota
	byDN
	byAddress
	byLogin
	bySearch // an LDAP URL that is more than a DN
)

// naming is one value understood: what it says, and how.
type naming struct {
	kind kind
	text string  // the DN, the address as quota.PersonKey, or the login
	url  ldapURL // of a search
}

// maxValue is the longest value, in bytes, that is understood.
const maxValue = 8192

// typed matches a value that begins with its type, as URLs do and the values of
// AD's proxyAddresses ([MS-ADA3]). No address, DN or login begins so.
var typed = regexp.MustCompile(`^([A-Za-z][A-Za-z0-9+.-]*):(.*)$`)

// parseNames understands a value that names someone: a DN (RFC 4514), also with
// the identifier of RFC 4517 section 3.3.21; an address (RFC 5321), also with its
// type, "smtp:"; a mailto URL (RFC 6068), which may have several addresses; an
// LDAP URL (RFC 4516); else a login.
func parseNames(value string) []naming {
	value = strings.TrimSpace(value)
	if len(value) > maxValue || strings.IndexByte(value, 0) >= 0 || !utf8.ValidString(value) {
		return []naming{{}}
	}
	if match := typed.FindStringSubmatch(value); match != nil {
		switch strings.ToLower(match[1]) {
		case "ldap", "ldaps", "ldapi":
			return []naming{parseURLName(value)}
		case "mailto":
			return parseMailto(match[2])
		case "smtp":
			return []naming{addressName(match[2])}
		}
		return []naming{{}}
	}
	if dn, ok := parseDNValue(value); ok {
		return []naming{{kind: byDN, text: dn}}
	}
	if strings.Contains(value, "@") {
		return []naming{addressName(value)}
	}
	return []naming{loginName(value)}
}

// optionalUID is the end of a value of uniqueMember that tells apart two who had
// the same DN at different times.
var optionalUID = regexp.MustCompile(`#'[01]*'B$`)

// parseDNValue reports whether a value is a DN. One part with an @, as in
// "a=b@example.org", is an address.
func parseDNValue(value string) (string, bool) {
	value = optionalUID.ReplaceAllString(value, "")
	dn, err := ldap.ParseDN(value)
	if err != nil || len(dn.RDNs) == 0 || len(dn.RDNs) == 1 && strings.Contains(value, "@") {
		return "", false
	}
	return value, true
}

// addressName takes an address; what cannot be one names nobody.
func addressName(text string) naming {
	text = strings.TrimSpace(text)
	if _, ok := normalise(text); !ok || validateAddress("", text) != nil {
		return naming{}
	}
	return naming{kind: byAddress, text: quota.PersonKey(text)}
}

func loginName(text string) naming {
	text, ok := normalise(text)
	if !ok {
		return naming{}
	}
	return naming{kind: byLogin, text: text}
}

// parseMailto reads what follows "mailto:".
func parseMailto(rest string) []naming {
	to, _, _ := strings.Cut(rest, "?")
	var names []naming
	for escaped := range strings.SplitSeq(to, ",") {
		address, err := url.PathUnescape(escaped)
		if err != nil {
			return []naming{{}}
		}
		names = append(names, addressName(address))
	}
	return names
}
