package ldapcache

import (
	"errors"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/go-ldap/ldap/v3"
)

// ldapURL is what an LDAP URL (RFC 4516) asks for. The server that it names is
// left out: only the configured ones are asked.
type ldapURL struct {
	dn     string
	scope  int // as in a search request
	filter string
}

var errURL = errors.New("not an LDAP URL")

var scopes = map[string]int{
	"": ldap.ScopeBaseObject, "base": ldap.ScopeBaseObject, "one": ldap.ScopeSingleLevel, "sub": ldap.ScopeWholeSubtree,
}

// parseURL reads an LDAP URL. One with a critical extension is none of ours
// (section 2).
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
	if dn, err := ldap.ParseDN(u.dn); err != nil || len(dn.RDNs) == 0 || !known || strings.Contains(parts[4], "!") {
		return ldapURL{}, errURL
	}
	if u.filter != "" {
		if _, err := ldap.CompileFilter(u.filter); err != nil {
			return ldapURL{}, errURL
		}
	}
	return u, nil
}

// parseURLName takes an LDAP URL for the one entry that it names, or for the
// search that it is.
func parseURLName(text string) naming {
	u, err := parseURL(text)
	switch {
	case err != nil:
		return naming{}
	case u.scope == ldap.ScopeBaseObject && u.filter == "":
		return naming{kind: byDN, text: u.dn}
	}
	return naming{kind: bySearch, url: u}
}
