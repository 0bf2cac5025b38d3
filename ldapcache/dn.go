package ldapcache

import (
	"strings"

	"github.com/go-ldap/ldap/v3"
)

// canonicalDN returns the one spelling of a DN (RFC 4514): two texts for one entry
// give the same. Case is folded in values too, as directories do for the
// attributes that name people. What is no DN is only folded.
func canonicalDN(text string) string {
	text = strings.ToLower(text)
	if dn, err := ldap.ParseDN(text); err == nil {
		text = strings.ToLower(dn.String()) // escapes may have hidden a capital
	}
	return text
}
