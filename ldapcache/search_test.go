package ldapcache

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/go-ldap/ldap/v3"

	"github.com/rcptquota/rcptquota/quota"
)

func FuzzParseServer(f *testing.F) {
	for _, url := range []string{"ldap://a", "ldaps://[::1]:636", "ldapi://%2Frun%2Fldapi", "ldapi:///", "ldap://u:p@a", "http://a"} {
		f.Add(url)
	}
	f.Fuzz(func(t *testing.T, url string) {
		s, err := parseServer(url)
		if err == nil && (s.url != url || s.address == "" || s.network != "tcp" && s.network != "unix") {
			t.Errorf("%q became %+v", url, s)
		}
	})
}

func TestNormalise(t *testing.T) {
	for login, want := range map[string]string{
		"mdurand":                 "mdurand",
		"MDurand@Test":            "mdurand@test",
		"Éloïse":                  "éloïse",
		strings.Repeat("x", 1024): strings.Repeat("x", 1024),
		strings.Repeat("x", 1025): "",
		"":                        "",
		"a\x00b":                  "",
		"\xff":                    "",
	} {
		if got, ok := normalise(login); got != want || ok != (want != "") {
			t.Errorf("%.20q: %.20q, %v", login, got, ok)
		}
	}
}

func TestAnAttributeIsAskedForOnce(t *testing.T) {
	schema := Schema{UserFilter: "(|(uid=%u)(MAIL=%u))", UserAddresses: []string{"mail"}, UserEstablishment: []string{"o"}}
	s, err := newSearcher(Config{Schema: schema}, nil, []string{"o", "title"})
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"mail", "o", "uid", "title"}; !slices.Equal(s.ofSenders, want) {
		t.Errorf("asks for %q, want %q", s.ofSenders, want)
	}
}

func TestDescribeTakesExactAttributesOnly(t *testing.T) {
	s, err := newSearcher(Config{Schema: Schema{UserAddresses: []string{"mail"}, UserEstablishment: []string{"school", "site"}}},
		nil, []string{"entpersonprofils"})
	if err != nil {
		t.Fatal(err)
	}
	sender, err := s.describe(nil, ldap.NewEntry("uid=x", map[string][]string{
		"Mail":                   {"Marie.Durand@Test"},
		"mail;lang-fr":           {"fr@test"},
		"ENTPersonAutresMails":   {"private@test"},
		"ENTPersonMailDiffusion": {"shown@test"},
		"site":                   {"0310002B", "0310001A"},
		"ENTPersonProfils":       {"National_ENS"},
	}))
	if err != nil || !slices.Equal(sender.Addresses, []string{"marie.durand@test"}) || sender.Establishment != "0310001A" ||
		len(sender.Attributes) != 1 || !slices.Equal(sender.Attributes["entpersonprofils"], []string{"National_ENS"}) {
		t.Errorf("described as %+v", sender)
	}
	if empty, err := s.describe(nil, ldap.NewEntry("uid=x", nil)); err != nil || !reflect.DeepEqual(empty, quota.Sender{ID: "uid=x"}) {
		t.Errorf("an empty entry described as %+v", empty)
	}
}
