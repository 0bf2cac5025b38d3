//go:build servers

package ldap

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/rcptquota/rcptquota/ldapcache/roster"
	"github.com/rcptquota/rcptquota/ldapcache/spelling"
	"github.com/rcptquota/rcptquota/quota"
	"github.com/rcptquota/rcptquota/quota/conf"
	"github.com/rcptquota/rcptquota/test/servers"
)

// site is a directory of the field, as deploy/postfix/presets configures it, in a real
// server.
type site struct {
	quota.Config
	Directory struct {
		Source string `toml:"source"` // "ldap"
		Config
	} `toml:"directory"`

	rules  *quota.Rules
	server *servers.Slapd
}

// Validate implements [conf.Validator].
func (s *site) Validate() (err error) {
	s.rules, err = quota.Compile(&s.Config)
	return err
}

// who may ask the trees; the examples in deploy/postfix/presets name it.
const asker = `dn: ou=services,dc=ent,dc=test
objectClass: organizationalUnit
ou: services

dn: cn=rcptquota,ou=services,dc=ent,dc=test
objectClass: applicationProcess
objectClass: simpleSecurityObject
cn: rcptquota
userPassword: hunter2
`

var bareSchools = regexp.MustCompile(`(?m)^(ENT\w*StructRattach\w*): ou=(\w+),.*$`)

// startSite starts a server with the tree of testdata, and takes the example in
// deploy/postfix/presets.
func startSite(t *testing.T, preset string, bareUAIs bool) *site {
	t.Helper()
	ldif, err := os.ReadFile(filepath.Join("testdata", preset+".ldif"))
	if err != nil {
		t.Fatal(err)
	}
	tree := string(ldif)
	var s *servers.Slapd
	if bareUAIs {
		const text = "EQUALITY caseIgnoreMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15"
		s = servers.StartSlapd(t, "'ENTPersonStructRattach'\n  SUP distinguishedName", "'ENTPersonStructRattach'\n  "+text,
			"'ENTEtablissementStructRattachFctl'\n  SUP distinguishedName", "'ENTEtablissementStructRattachFctl'\n  "+text)
		tree = bareSchools.ReplaceAllString(tree, "$1: $2")
	} else {
		s = servers.StartSlapd(t)
	}
	s.Add(asker + "\n" + tree)
	return readSite(t, s, preset)
}

// readSite reads the example, and asks the server in the place of the site's.
func readSite(t *testing.T, s *servers.Slapd, preset string) *site {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "ldap.secret"), []byte("hunter2\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	result := &site{Config: quota.DefaultConfig(), server: s}
	result.Directory.Config = DefaultConfig()
	if err := conf.Decode(filepath.Join(dir, preset+".toml"), []byte(example(t, preset)), result); err != nil {
		t.Fatal(err)
	}
	result.Directory.Resolve(dir)
	result.Directory.Servers, result.Directory.CAFile = []string{s.SecureURL()}, s.CAFile()
	if err := result.Directory.Validate(); err != nil {
		t.Fatal(err)
	}
	return result
}

// open opens the site's directory.
func (s *site) open(t *testing.T, attributes ...string) *Directory {
	t.Helper()
	return open(t, s.Directory.Config, attributes...)
}

// example is the deployed example of a preset, below the base of our servers.
func example(t *testing.T, preset string) string {
	t.Helper()
	text, err := os.ReadFile("../../deploy/postfix/presets/" + preset + ".toml")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), "\npreset = \""+preset+"\"\n") {
		t.Fatalf("%s.toml is an example of another preset", preset)
	}
	const base = "dc=ent,dc=test"
	return strings.NewReplacer("dc=ac-test,dc=fr", base, "dc=univ-un,dc=fr", base, "dc=example,dc=org", base).Replace(string(text))
}

// known is what a directory says of a person.
type known struct {
	class         string // with the designation heeded
	establishment string
	designated    string // under which establishment; "no": not at all
	addresses     string // separated by spaces
}

var field = map[string]struct {
	preset     string
	bareUAIs   bool
	persons    map[string]known // by login
	nobody     []string         // logins
	unresolved []string         // of the designations
}{
	"SDET": {preset: "sdet", persons: map[string]known{
		"mdurand":      {"ecollege31", "0310001A", "no", "marie.durand@ecollege31.fr"},
		"Marie.Durand": {"ecollege31", "0310001A", "no", "marie.durand@ecollege31.fr"},
		"pmartin":      {"entmip", "0310002B", "no", "p.martin@entmip.fr paul.martin@entmip.fr"},
		"cbernard":     {"premium", "0310002B", "0310003C", "claire.bernard@entmip.fr"},
		"adupont":      {"premium", "0310001A", "0310003C", "anne.dupont@ecollege31.fr"},
		"jpetit":       {"premium", "0310004D", "0310004D", "jean.petit@entmip.fr"},
		"zoÉ":          {"premium", "", "", ""},
		"lfaure":       {"premium", "ou=0310009z,ou=structures,dc=ent,dc=test", "ou=0310009z,ou=structures,dc=ent,dc=test", "luc.faure@entmip.fr"},
	}, unresolved: []string{"cn=secretariat,ou=groups,dc=ent,dc=test", "uid=gone,ou=people,dc=ent,dc=test"}},
	"SDET, bare UAIs": {preset: "sdet", bareUAIs: true, persons: map[string]known{
		"mdurand":  {"ecollege31", "0310001A", "no", "marie.durand@ecollege31.fr"},
		"pmartin":  {"entmip", "0310002B", "no", "p.martin@entmip.fr paul.martin@entmip.fr"},
		"cbernard": {"premium", "0310002B", "0310003C", "claire.bernard@entmip.fr"},
		"adupont":  {"premium", "0310001A", "0310003C", "anne.dupont@ecollege31.fr"},
		"jpetit":   {"premium", "0310004D", "0310004D", "jean.petit@entmip.fr"},
		"zoé":      {"premium", "", "", ""},
		"lfaure":   {"premium", "0310009Z", "0310009Z", "luc.faure@entmip.fr"},
	}, unresolved: []string{"cn=secretariat,ou=groups,dc=ent,dc=test", "uid=gone,ou=people,dc=ent,dc=test"}},
	"SUPANN": {preset: "supann", persons: map[string]known{
		"marie.durand": {"staff", "0310001A", "no", "marie.durand@univ-un.fr"},
		"pmartin":      {"premium", "0310002B", "0310002B", "paul.martin@univ-deux.fr"},
		"cbernard":     {"premium", "{SIRET}19311382600018", "{SIRET}19311382600018", "claire.bernard@univ-un.fr"},
		"jpetit":       {"student", "", "no", "jean.petit@univ-un.fr"},
	}, nobody: []string{"printer"}, unresolved: []string{"uid=printer,ou=people,dc=ent,dc=test"}},
	"inetOrgPerson": {preset: "inetorgperson", persons: map[string]known{
		"mdurand":  {"premium", "0310001A", "0310001A", "marie.durand@example.org"},
		"pmartin":  {"staff", "Lycée Deux", "no", "paul.martin@example.org"},
		"cbernard": {"premium", "", "", "claire.bernard@example.org"},
	}},
	"Active Directory": {preset: "ad", persons: map[string]known{
		"mdurand":                     {"premium", "0310001A", "0310001A", "marie.durand@example.org mdurand@example.org"},
		"Marie.Durand@ad.example.org": {"premium", "0310001A", "0310001A", "marie.durand@example.org mdurand@example.org"},
		"PMARTIN":                     {"staff", "Lycée Deux", "no", "paul.martin@staff.example.org p.martin@example.org"},
		"cbernard":                    {"premium", "", "", "claire.bernard@example.org"},
	}, nobody: []string{"RELAY1$", "office"}, unresolved: []string{
		"cn=RELAY1,ou=people,dc=ent,dc=test", "cn=everybody,ou=groups,dc=ent,dc=test",
	}},
}

// TestTheDirectoriesOfTheField holds every person of four kinds of directories
// against a table, with the example that deploy/postfix/presets has for each.
func TestTheDirectoriesOfTheField(t *testing.T) {
	for name, c := range field {
		t.Run(name, func(t *testing.T) {
			s := startSite(t, c.preset, c.bareUAIs)
			d := s.open(t, s.rules.MatchAttributes()...)
			all, unresolved, err := d.Designations(t.Context())
			slices.Sort(unresolved)
			if err != nil || !slices.Equal(unresolved, c.unresolved) {
				t.Errorf("designations: unresolved %q, %v; want %q", unresolved, err, c.unresolved)
			}
			expected := map[string]bool{}
			for login, want := range c.persons {
				sender, err := findSender(t, d, login)
				got := describe(s, sender, all)
				if err != nil || got != want {
					t.Errorf("%s: %+v, %v; want %+v", login, got, err, want)
				}
				expected[sender.ID] = want.designated != "no"
			}
			for _, one := range all {
				if !expected[one.Sender] {
					t.Errorf("designated too: %+v", one)
				}
			}
			for _, login := range c.nobody {
				if got, err := findSender(t, d, login); !errors.Is(err, quota.ErrAbsent) {
					t.Errorf("%s: %+v, %v", login, got, err)
				}
			}
		})
	}
}

// findSender asks for a login as people write it.
func findSender(t *testing.T, d *Directory, login string) (quota.Sender, error) {
	t.Helper()
	key, ok := spelling.Login(login)
	if !ok {
		t.Fatalf("%q is no login", login)
	}
	return d.Sender(t.Context(), key)
}

func describe(s *site, sender quota.Sender, all []roster.Designation) known {
	got := known{
		establishment: sender.Establishment,
		designated:    "no",
		addresses:     strings.Join(sender.Addresses, " "),
	}
	i := slices.IndexFunc(all, func(d roster.Designation) bool { return d.Sender == sender.ID })
	if sender.Premium = i >= 0; sender.Premium {
		got.designated = all[i].Establishment
	}
	got.class = s.rules.ClassOf("", &sender) // no class names a login
	return got
}
