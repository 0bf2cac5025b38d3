package ldap

import (
	"slices"
	"strings"
	"testing"

	"github.com/rcptquota/rcptquota/test/servers"
)

var definitions = map[string]struct {
	oid   string
	names []string
}{
	"( 2.5.4.3 NAME ( 'cn' 'commonName' ) DESC 'RFC4519: common name(s)' SUP name )": {"2.5.4.3", []string{"cn", "commonName"}},
	"( 0.9.2342.19200300.100.1.3 NAME 'mail' SYNTAX 1.3.6.1 )":                       {"0.9.2342.19200300.100.1.3", []string{"mail"}},
	"( 1.2.3 DESC 'NAME ( x )' NAME 'real' SUP ( 'top' ) )":                          {"1.2.3", []string{"real"}},
	"(1.2.3 NAME('a' 'b')SUP top)":                                                   {"1.2.3", []string{"a", "b"}},
	"( 1.2.3 OBSOLETE )":                                                             {"1.2.3", nil},
	"( 1.2.3 NAME 'open":                                                             {"1.2.3", []string{"open"}},
	"NAME":                                                                           {"", nil},
	"":                                                                               {"", nil},
}

func TestParseDefinition(t *testing.T) {
	for text, want := range definitions {
		if oid, names := parseDefinition(text); oid != want.oid || !slices.Equal(names, want.names) {
			t.Errorf("%s: %q %q, want %q %q", text, oid, names, want.oid, want.names)
		}
	}
}

func FuzzParseDefinition(f *testing.F) {
	for text := range definitions {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		oid, names := parseDefinition(text)
		for _, part := range append(names, oid) {
			if !strings.Contains(text, part) {
				t.Errorf("%q has %q", text, part)
			}
		}
	})
}

// TestAServerMayKeepItsSchema has one that has the base, and no more.
func TestAServerMayKeepItsSchema(t *testing.T) {
	f := servers.StartFakeLDAP(t, func(int, string) servers.Reply { return servers.Reply{} })
	f.Read = func([]string) servers.Reply { return servers.Reply{Entry: "dc=test"} }
	config := DefaultConfig()
	config.Servers, config.Base = []string{f.URL()}, "dc=test"
	lines, err := Verify(t.Context(), config, nil, true)
	if err != nil || len(lines) != 1 || !strings.Contains(lines[0], "it shows no schema") {
		t.Errorf("%q, %v", lines, err)
	}
}
