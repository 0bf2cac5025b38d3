//go:build servers

package ldap

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	goldap "github.com/go-ldap/ldap/v3"

	"github.com/rcptquota/rcptquota/ldapcache/spelling"
)

// openPatiently returns the directory of a site.
func openPatiently(t *testing.T, s *site) *Directory {
	t.Helper()
	s.Directory.Timeout.Duration = longEnough
	return s.open(t)
}

// whom returns the logins of the persons named, and what is unresolved.
func whom(t *testing.T, s *Directory, values ...string) (logins, unresolved []string) {
	t.Helper()
	err := s.client.Do(t.Context(), func(conn *goldap.Conn) error {
		persons, rest, err := s.persons(conn, values)
		logins, unresolved = nil, rest
		for _, p := range persons {
			logins = append(logins, p.login)
		}
		return err
	})
	if err != nil {
		t.Errorf("%q: %v", values, err)
	}
	return logins, unresolved
}

// longEnough is many times what a look-up needs.
const longEnough = 30 * time.Second

const (
	marie  = "marie.durand"
	paul   = "paul.martin"
	claire = "claire.bernard"
	anne   = "anne.dupont"
	jean   = "jean.petit"
	luc    = "luc.faure"
	below  = ",ou=people,dc=ent,dc=test"
)

func TestReferences(t *testing.T) {
	s := openPatiently(t, startSite(t, "sdet", false))
	for value, want := range map[string]string{ // the logins; empty: unresolved
		"uid=mdurand" + below:                        marie,
		"UID=MDurand, OU=people , DC=ENT,dc=test":    marie,
		`uid=\6ddurand` + below:                      marie,
		"uid=mdurand" + below + "#'0101'B":           marie,
		`cn=Anne \2C (Dupont) *` + below:             anne,
		`cn=Anne \, \28Dupont\29 \2A` + below:        anne,
		"uid=gone" + below:                           "",
		"uid=*" + below:                              "",
		"cn=rcptquota,ou=services,dc=ent,dc=test":    "", // not a person
		"ou=people,dc=ent,dc=test":                   "",
		"ou=0310001A,ou=structures,dc=ent,dc=test":   "", // a school
		"uid=mdurand,ou=people,dc=elsewhere,dc=test": "",
		"cn=nobody":                                           "",
		"uid=mdurand":                                         "",
		"Marie.Durand@ecollege31.fr":                          marie,
		"SMTP:marie.durand@ecollege31.fr":                     marie,
		"smtp:marie.durand@ecollege31.fr":                     marie,
		"mailto:marie.durand@ecollege31.fr":                   marie,
		"MAILTO:marie%2Edurand@ecollege31.fr?subject=x":       marie,
		"mailto:p.martin@entmip.fr,claire.bernard@entmip.fr":  claire + " " + paul,
		"marie@entmip.fr":                                     "",   // private
		"paul.martin@entmip.fr":                               paul, // Marie's too, but as a private one
		"nobody@entmip.fr":                                    "",
		"sip:marie.durand@ecollege31.fr":                      "",
		"X400:C=FR;S=Durand;":                                 "",
		"mdurand":                                             marie,
		" MARIE.DURAND ":                                      marie,
		"0310001A":                                            "", // a school
		"ldap:///uid=mdurand,ou=people,dc=ent,dc=test":        marie,
		"ldaps://other.test:636/uid=mdurand" + below:          marie,
		"ldap:///uid=mdurand,ou=people,dc=ent,dc=test?mail":   marie,
		"ldap:///uid=mdurand" + below + "??base?(sn=Martin)":  "",
		"ldap:///ou=people,dc=ent,dc=test??sub?(sn=*e*t*)":    jean,
		"ldap:///ou=people,dc=ent,dc=test??one?(uid=%2a)":     "anne.dupont claire.bernard jean.petit luc.faure marie.durand paul.martin Zoé",
		"ldap:///dc=ent,dc=test??one?(uid=*)":                 "",
		"ldap:///ou=people,dc=ent,dc=test??sub?(objectClass=": "",
		"ldap:///dc=test??sub?(uid=mdurand)":                  "", // above base
		"ldap:///ou=gone,dc=ent,dc=test??sub?(uid=*)":         "",
		"ldap:///uid=mdurand" + below + "????!bindname=x":     "",
		"ldap://": "",
		"cn=secretariat,ou=groups,dc=ent,dc=test":         marie,
		"ldap:///cn=secretariat,ou=groups,dc=ent,dc=test": marie,
		"*":                       "",
		"m*":                      "",
		"(":                       "",
		"mdurand)(uid=*":          "",
		"*)(objectClass=*":        "",
		`\6ddurand`:               "",
		"mdurand\x00":             "",
		"uid=mdurand\x00" + below: "",
		`uid=mdurand\00` + below:  "",
		"ldap:///uid=mdurand%00,ou=people,dc=ent,dc=test":        "",
		`ldap:///ou=people,dc=ent,dc=test??sub?(uid=mdurand\00)`: "",
		"marie.durand@ecollege31.fr\x00":                         "",
		"mailto:marie.durand@ecollege31.fr%00":                   "",
		"\xffmdurand":                                            "",
		"*@ecollege31.fr":                                        "",
		"x@y)(mail=*":                                            "",
		"ldap:///%zz":                                            "",
		"":                                                       "",
		strings.Repeat("m", 10_000):                              "",
		strings.Repeat("(", 10_000):                              "",
		strings.Repeat("é@x", 3_000):                             "",
		strings.Repeat("ou=x,", 2000):                            "",
	} {
		logins, unresolved := whom(t, s, value)
		slices.SortFunc(logins, func(a, b string) int { return strings.Compare(strings.ToLower(a), strings.ToLower(b)) })
		if strings.Join(logins, " ") != want || (want == "") != (len(unresolved) == 1) {
			t.Errorf("%.60q: %q, unresolved %.60q; want %q", value, logins, unresolved, want)
		}
	}
}

func TestAGroupIsFollowedOnce(t *testing.T) {
	s := openPatiently(t, startSite(t, "sdet", false))
	logins, unresolved := whom(t, s, "cn=direction,ou=groups,dc=ent,dc=test", "mdurand", "uid=mdurand"+below)
	if !slices.Equal(logins, []string{anne, marie}) || !slices.Equal(unresolved, []string{"cn=secretariat,ou=groups,dc=ent,dc=test"}) {
		t.Errorf("%q, unresolved %q", logins, unresolved)
	}
}

func TestReferencesInActiveDirectory(t *testing.T) {
	site := startSite(t, "ad", false)
	s := openPatiently(t, site)
	for value, want := range map[string]string{
		"mdurand@example.org":                "mdurand", // of proxyAddresses
		"Marie.Durand@example.org":           "mdurand",
		"marie.durand@staff.example.org":     "",        // not of mail
		"paul.martin@ad.example.org":         "pmartin", // a login
		"cn=office,ou=groups,dc=ent,dc=test": "cbernard",
		"everybody@example.org":              "", // a group is named by its DN
		"RELAY1$":                            "",
	} {
		if logins, _ := whom(t, s, value); strings.Join(logins, " ") != want {
			t.Errorf("%s: %q, want %s", value, logins, want)
		}
	}
	site.server.Modify("dn: cn=Paul Martin" + below + "\nchangetype: modify\nadd: proxyAddresses\nproxyAddresses: smtp:mdurand@example.org\n")
	if logins, unresolved := whom(t, s, "mdurand@example.org"); len(logins) != 0 || len(unresolved) != 1 {
		t.Errorf("the address of two: %q, unresolved %q", logins, unresolved)
	}
}

// TestNoAddressMatchesAsAFilter looks for lists by addresses that are filters.
func TestNoAddressMatchesAsAFilter(t *testing.T) {
	for name, c := range field {
		s := openPatiently(t, startSite(t, c.preset, c.bareUAIs))
		for _, address := range append(hostile, "*@example.org", "everybody@example.org)(mail=*", `every\62ody@example.org`, "everybody@example.org\x00") {
			address, ok := spelling.Login(address)
			if !ok { // slapd ends a value at NUL, and would find the list
				continue
			}
			err := s.client.Do(t.Context(), func(conn *goldap.Conn) error {
				lists, err := s.search(conn, s.listFilter.fill(address), 2, []string{noAttributes})
				if len(lists.entries) > 0 {
					t.Errorf("%s: %.60q matches %s", name, address, lists)
				}
				return err
			})
			if err != nil {
				t.Errorf("%s: %.60q: %v", name, address, err)
			}
		}
	}
}

// TestAHugeGroupEndsSoon has a group of more members than are followed.
func TestAHugeGroupEndsSoon(t *testing.T) {
	site := startSite(t, "sdet", false)
	s := openPatiently(t, site)
	var members strings.Builder
	for i := range 20_000 {
		fmt.Fprintf(&members, "member: uid=gone%d,ou=people,dc=ent,dc=test\n", i)
	}
	site.server.Add("dn: cn=all,ou=groups,dc=ent,dc=test\nobjectClass: groupOfNames\ncn: all\nmember: uid=mdurand" + below + "\n" + members.String())
	before := site.server.Searches()
	logins, unresolved := whom(t, s, "cn=all,ou=groups,dc=ent,dc=test")
	if n := site.server.Searches() - before; n > 2*maxReferences+100 { // for each member followed, itself and its entry
		t.Errorf("%d searches", n)
	}
	if len(logins) > 1 || len(unresolved) < maxReferences || !slices.Contains(unresolved, "cn=all,ou=groups,dc=ent,dc=test") {
		t.Errorf("%q, %d unresolved", logins, len(unresolved))
	}
}
