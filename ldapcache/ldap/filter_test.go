package ldap

import (
	"slices"
	"strings"
	"testing"

	ber "github.com/go-asn1-ber/asn1-ber"
	goldap "github.com/go-ldap/ldap/v3"
)

// userFilter is a template for logins.
func userFilter(text string) (template, error) {
	return filterKey{"user_filter", &text, loginPlace, "(uid=%u)"}.parse()
}

func TestTemplates(t *testing.T) {
	for filter, want := range map[string]struct {
		attributes string
		any        string
	}{
		"(uid=%u)":                              {"uid", "(uid=*)"},
		"(&(a=b)(|(uid=%u)(mail=%u)(uid=%u)))":  {"uid mail", "(&(a=b)(|(uid=*)(mail=*)(uid=*)))"},
		"(uid:caseExactMatch:=%u)":              {"uid", "(uid=*)"},
		"(uid:dn:2.5.13.5:=%u)":                 {"uid", "(uid=*)"},
		"(cn;lang-fr=%u)":                       {"cn", "(cn=*)"},
		"(cn~=%u)":                              {"cn", "(cn=*)"},
		"(proxyAddresses=smtp:%u)":              {"proxyAddresses", "(proxyAddresses=smtp:*)"},
		`(|(cn=\25u)(!(o=a\2ab*))(uid=\2a=%u))`: {"uid", `(|(cn=%u)(!(o=a\2ab*))(uid=\2a=*))`},
	} {
		got, err := userFilter(filter)
		if err != nil || strings.Join(got.attributes, " ") != want.attributes || got.anyValue != want.any {
			t.Errorf("%s: %+v, %v; want %+v", filter, got, err, want)
		}
	}
}

// FuzzTemplate wants a filter of every user filter that a configuration may have.
func FuzzTemplate(f *testing.F) {
	for _, filter := range []string{"(uid=%u)", "(|(uid=%u)(!(mail=smtp:%u)))", "(uid:x:=%u)", "(cn=a=%u)", "(:dn:2.5.13.5:=%u)"} {
		f.Add(filter)
	}
	f.Fuzz(func(t *testing.T, text string) {
		filter, err := userFilter(text)
		if err != nil || text == "" {
			return
		}
		for _, whole := range []string{filter.anyValue, filter.fill("x")} {
			if _, err := goldap.CompileFilter(whole); err != nil {
				t.Errorf("%q became %q: %v", text, whole, err)
			}
		}
	})
}

// values compiles a filter and returns its outline, and the values that it
// compares with.
func values(t *testing.T, filter string) (outline string, values []string) {
	t.Helper()
	packet, err := goldap.CompileFilter(filter)
	if err != nil {
		t.Fatalf("%q: %v", filter, err)
	}
	var b strings.Builder
	var walk func(*ber.Packet)
	walk = func(p *ber.Packet) {
		b.WriteString("(" + goldap.FilterMap[uint64(p.Tag)])
		switch p.Tag {
		case goldap.FilterEqualityMatch:
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
				filter, err := key.parse()
				if err != nil {
					t.Fatal(err)
				}
				const sample = "sample"
				outline, want := values(t, filter.fill(sample))
				for i := range want {
					want[i] = strings.ReplaceAll(want[i], sample, value)
				}
				if got, filled := values(t, filter.fill(value)); got != outline || !slices.Equal(filled, want) {
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

func TestInAllLabels(t *testing.T) {
	got := inAllLabels("a@x.fr", "b@xn--lyce-dpa.fr", "c@xn--\x00.fr", "xn--lyce-dpa")
	want := []string{"a@x.fr", "b@xn--lyce-dpa.fr", "b@lycée.fr", "c@xn--\x00.fr", "xn--lyce-dpa", "lycée"}
	if !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}
