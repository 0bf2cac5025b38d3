package ldap

import (
	"errors"
	"net/url"
	"regexp"
	"strings"
	"unicode/utf8"

	goldap "github.com/go-ldap/ldap/v3"

	"github.com/rcptquota/rcptquota/ldapcache/spelling"
	"github.com/rcptquota/rcptquota/quota/mailaddr"
)

// kind is how a reference is written.
type kind int

const (
	unreadable kind = iota // it refers to nobody
	byDN
	byAddress
	byLogin
	bySearch // an LDAP URL that is more than a DN
)

// reference is what a value of the directory says about whom it means, not yet looked
// up.
type reference struct {
	kind kind
	text string  // the DN, the address as mailaddr.PersonKey, or the login
	url  ldapURL // of a search
}

// maxValue is the longest value, in bytes, that is read.
const maxValue = 8192

// typed matches a value that begins with its type, as URLs do and the values of
// AD's proxyAddresses ([MS-ADA3]). No address, DN or login begins so.
var typed = regexp.MustCompile(`^([A-Za-z][A-Za-z0-9+.-]*):(.*)$`)

// parseReferences reads a value that refers to somebody: a DN (RFC 4514), also with the
// identifier of RFC 4517 section 3.3.21; an address (RFC 5321), also with its type,
// "smtp:"; a mailto URL (RFC 6068), which may have several addresses; an LDAP URL (RFC
// 4516); otherwise a login. It returns one reference at least.
func parseReferences(value string) []reference {
	value = strings.TrimSpace(value)
	if len(value) > maxValue || strings.IndexByte(value, 0) >= 0 || !utf8.ValidString(value) {
		return []reference{{}}
	}
	if match := typed.FindStringSubmatch(value); match != nil {
		switch strings.ToLower(match[1]) {
		case "ldap", "ldaps", "ldapi":
			return []reference{parseURLReference(value)}
		case "mailto":
			return parseMailto(match[2])
		case "smtp":
			return []reference{addressReference(match[2])}
		}
		return []reference{{}}
	}
	if dn, ok := parseDNValue(value); ok {
		return []reference{{kind: byDN, text: dn}}
	}
	if strings.Contains(value, "@") {
		return []reference{addressReference(value)}
	}
	return []reference{loginReference(value)}
}

// optionalUID is the end of a value of uniqueMember that tells apart two who had
// the same DN at different times.
var optionalUID = regexp.MustCompile(`#'[01]*'B$`)

// parseDNValue reports whether a value is a DN. One part with an @, as in
// "a=b@example.org", is an address.
func parseDNValue(value string) (string, bool) {
	value = optionalUID.ReplaceAllString(value, "")
	dn, err := goldap.ParseDN(value)
	if err != nil || len(dn.RDNs) == 0 || len(dn.RDNs) == 1 && strings.Contains(value, "@") {
		return "", false
	}
	return value, true
}

func addressReference(text string) reference {
	text = strings.TrimSpace(text)
	if _, ok := spelling.Login(text); !ok || !spelling.IsAddress(text) {
		return reference{}
	}
	return reference{kind: byAddress, text: mailaddr.PersonKey(text)}
}

func loginReference(text string) reference {
	text, ok := spelling.Login(text)
	if !ok {
		return reference{}
	}
	return reference{kind: byLogin, text: text}
}

// parseMailto reads what follows "mailto:".
func parseMailto(rest string) []reference {
	to, _, _ := strings.Cut(rest, "?")
	var all []reference
	for escaped := range strings.SplitSeq(to, ",") {
		address, err := url.PathUnescape(escaped)
		if err != nil {
			return []reference{{}}
		}
		all = append(all, addressReference(address))
	}
	return all
}

// ldapURL is what an LDAP URL (RFC 4516) asks for. The server that it names is
// left out: only the configured ones are asked.
type ldapURL struct {
	dn     string
	scope  int // as in a search request
	filter string
}

var errURL = errors.New("not an LDAP URL")

var scopes = map[string]int{
	"": goldap.ScopeBaseObject, "base": goldap.ScopeBaseObject, "one": goldap.ScopeSingleLevel, "sub": goldap.ScopeWholeSubtree,
}

// parseURL reads an LDAP URL. We know no extension, so that one which is critical is an
// error (section 2).
func parseURL(text string) (ldapURL, error) {
	_, rest, _ := strings.Cut(text, "://")
	_, rest, _ = strings.Cut(rest, "/")
	parts := strings.Split(rest, "?") // DN, attributes, scope, filter, extensions
	for len(parts) < 5 {
		parts = append(parts, "")
	}
	for i := range parts {
		part, err := url.PathUnescape(parts[i])
		if err != nil || len(parts) > 5 || strings.IndexByte(part, 0) >= 0 || !utf8.ValidString(part) {
			return ldapURL{}, errURL
		}
		parts[i] = part
	}
	scope, known := scopes[strings.ToLower(parts[2])]
	u := ldapURL{dn: parts[0], scope: scope, filter: parts[3]}
	if dn, err := goldap.ParseDN(u.dn); err != nil || len(dn.RDNs) == 0 || !known || strings.Contains(parts[4], "!") {
		return ldapURL{}, errURL
	}
	if u.filter != "" {
		if _, err := goldap.CompileFilter(u.filter); err != nil {
			return ldapURL{}, errURL
		}
	}
	return u, nil
}

// parseURLReference reads an LDAP URL: it is a DN if it asks for one entry, otherwise a
// search.
func parseURLReference(text string) reference {
	u, err := parseURL(text)
	switch {
	case err != nil:
		return reference{}
	case u.scope == goldap.ScopeBaseObject && u.filter == "":
		return reference{kind: byDN, text: u.dn}
	}
	return reference{kind: bySearch, url: u}
}
