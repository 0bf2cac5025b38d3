package ldap

import (
	"slices"
	"strings"
	"testing"

	goldap "github.com/go-ldap/ldap/v3"

	"github.com/rcptquota/rcptquota/ldapcache/spelling"
	"github.com/rcptquota/rcptquota/quota/mailaddr"
)

// named are values as directories hold them, and as nobody should write them.
var named = []string{
	"uid=mdurand,ou=people,dc=ent,dc=test", "uid=a@b.test,dc=test", "a=b@c.test", "cn=x,dc=test#'01'B",
	"marie.durand@ecollege31.fr", "SMTP:a@b.test", "sip:a@b.test", "mailto:a@b.test,c%40d.test?subject=x", "mailto:%zz",
	"mdurand", "0310001a", "{UAI}0310001A", "ldap:///dc=test", "ldaps://h:636/ou=x,dc=test?mail?sub?(a=%2a)?x=y",
	"ldap:///dc=test????!x", "ldap://", "X400:C=FR;", "a=b@c,d=e", "#'01'B", "cn=#0403666f6f,dc=test",
}

func FuzzParseReferences(f *testing.F) {
	for _, value := range slices.Concat(named, hostile) {
		f.Add(value)
	}
	f.Fuzz(func(t *testing.T, value string) {
		names := parseReferences(value)
		if len(names) == 0 {
			t.Errorf("%q resolves to nothing, not even to somebody who cannot be found", value)
		}
		for _, n := range names {
			ok := true
			switch n.kind {
			case unreadable:
			case byDN:
				dn, err := goldap.ParseDN(n.text)
				ok = err == nil && len(dn.RDNs) > 0
			case byAddress:
				_, usable := spelling.Login(n.text)
				ok = usable && mailaddr.PersonKey(n.text) == n.text && strings.Contains(n.text, "@")
			case byLogin:
				login, usable := spelling.Login(n.text)
				ok = usable && login == n.text && !strings.Contains(n.text, "@")
			case bySearch:
				_, err := goldap.CompileFilter("(&(a=b)" + n.url.filter + ")")
				ok = err == nil
			}
			if !ok {
				t.Errorf("%q became %+v", value, n)
			}
		}
	})
}

func TestParseURL(t *testing.T) {
	for text, want := range map[string]ldapURL{ // those of RFC 4516 section 4, among others
		"ldap://ldap1.example.net/o=University%20of%20Michigan,c=US":                 {dn: "o=University of Michigan,c=US"},
		"ldap://ldap1.example.net/o=University%20of%20Michigan,c=US?postalAddress":   {dn: "o=University of Michigan,c=US"},
		"ldap://h:6666/o=University%20of%20Michigan,c=US??sub?(cn=Babs%20Jensen)":    {dn: "o=University of Michigan,c=US", scope: goldap.ScopeWholeSubtree, filter: "(cn=Babs Jensen)"},
		"LDAP://ldap1.example.com/c=GB?objectClass?ONE":                              {dn: "c=GB", scope: goldap.ScopeSingleLevel},
		"ldap://ldap2.example.com/o=Question%3f,c=US?mail":                           {dn: "o=Question?,c=US"},
		"ldap://ldap3.example.com/o=Babsco,c=US???(four-octet=%5c00%5c00%5c00%5c04)": {dn: "o=Babsco,c=US", filter: `(four-octet=\00\00\00\04)`},
		"ldap://ldap.example.com/o=An%20Example%5C2C%20Inc.,c=US":                    {dn: `o=An Example\2C Inc.,c=US`},
		"ldap:///dc=test??sub??e-bindname=cn=Manager%2cdc=example%2cdc=com":          {dn: "dc=test", scope: goldap.ScopeWholeSubtree},
	} {
		if got, err := parseURL(text); err != nil || got != want {
			t.Errorf("%s: %+v, %v; want %+v", text, got, err, want)
		}
	}
	for _, text := range []string{
		"ldap:///", "ldap://h", "ldap:///??sub??!bindname=cn=Manager%2cdc=example%2cdc=com", "ldap:///dc=test??all", "ldap:///dc=test?%zz",
		"ldap:///dc=test????!x=y", "ldap:///dc=test???(a=b", "ldap:///dc=test??????", "ldap:///test",
	} {
		if got, err := parseURL(text); err == nil {
			t.Errorf("%s: %+v", text, got)
		}
	}
}

func TestCanonicalDN(t *testing.T) {
	for text, want := range map[string]string{
		"uid=anne,ou=people,dc=ent,dc=test":    "uid=anne,ou=people,dc=ent,dc=test",
		"UID=Anne, OU=People , dc=ENT,dc=test": "uid=anne,ou=people,dc=ent,dc=test",
		"uid=\\41nne,ou=people,dc=ent,dc=test": "uid=anne,ou=people,dc=ent,dc=test",
		"sn=Y+CN=x,dc=test":                    "cn=x+sn=y,dc=test",
		"cn=Zo\u00c9,dc=test":                  "cn=zo\\c3\\a9,dc=test",
		"cn=Durand\\, Anne,dc=test":            "cn=durand\\, anne,dc=test",
		"no DN":                                "no dn",
	} {
		if got := canonicalDN(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}
