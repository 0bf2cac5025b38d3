package ldapcache

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	ber "github.com/go-asn1-ber/asn1-ber"
	"github.com/go-ldap/ldap/v3"

	"github.com/rcptquota/rcptquota/quota"
)

// values compiles a filter and returns its outline, and the values that it
// compares with.
func values(t *testing.T, filter string) (outline string, values []string) {
	t.Helper()
	packet, err := ldap.CompileFilter(filter)
	if err != nil {
		t.Fatalf("%q: %v", filter, err)
	}
	var b strings.Builder
	var walk func(*ber.Packet)
	walk = func(p *ber.Packet) {
		b.WriteString("(" + ldap.FilterMap[uint64(p.Tag)])
		switch p.Tag {
		case ldap.FilterEqualityMatch:
			b.WriteString(" " + p.Children[0].Value.(string))
			values = append(values, p.Children[1].Value.(string))
		default:
			for _, child := range p.Children {
				walk(child)
			}
		}
		b.WriteString(")")
	}
	walk(packet)
	return b.String(), values
}

var hostile = []string{
	"mdurand", "*", "m*", "(", ")", `\`, `\2a`, "\x00", "mdurand)(uid=*", "*)(objectClass=*",
	"mdurand))(|(uid=*", "é", "ÿ\u0301", "\xff\xfe", "%u", "a=b", " mdurand", strings.Repeat("x", 10_000),
}

// FuzzFill puts hostile values into every filter of every preset.
func FuzzFill(f *testing.F) {
	for _, value := range hostile {
		f.Add(value)
	}
	f.Fuzz(func(t *testing.T, value string) {
		for name, preset := range presets {
			for _, key := range preset.filters() {
				if key.place == "" || *key.value == "" {
					continue
				}
				const sample = "sample"
				outline, want := values(t, fill(*key.value, key.place, sample))
				for i := range want {
					want[i] = strings.ReplaceAll(want[i], sample, value)
				}
				if got, filled := values(t, fill(*key.value, key.place, value)); got != outline || !slices.Equal(filled, want) {
					t.Errorf("%s, %s: %q became %s with the values %q", name, key.name, value, got, filled)
				}
			}
		}
	})
}

func FuzzAnyOf(f *testing.F) {
	for _, dn := range hostile {
		f.Add(dn, "ou=school,dc=test")
	}
	f.Fuzz(func(t *testing.T, person, school string) {
		outline, got := values(t, anyOf([]string{"member", "owner"}, []string{person, school}))
		const want = "(Or(Equality Match member)(Equality Match member)(Equality Match owner)(Equality Match owner))"
		if outline != want || !slices.Equal(got, []string{person, school, person, school}) {
			t.Errorf("%q and %q became %s with the values %q", person, school, outline, got)
		}
	})
}

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
