//go:build servers

package ldap

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/rcptquota/rcptquota/test/servers"
)

// TestVerifyTheField has check find nothing wrong with the examples of deploy/postfix.
func TestVerifyTheField(t *testing.T) {
	for name, c := range field {
		t.Run(name, func(t *testing.T) {
			s := startSite(t, c.preset, c.bareUAIs)
			lines, err := Verify(t.Context(), s.Directory.Config, map[string]string{"class.x.match.attribute": "memberOf"}, true)
			if err != nil || len(lines) != 1 || !strings.HasSuffix(lines[0], "; it knows all attributes and object classes") {
				t.Errorf("%q, %v", lines, err)
			}
		})
	}
}

func TestWhatVerifyFinds(t *testing.T) {
	s := startSite(t, "sdet", false)
	down := fmt.Sprintf("ldap://127.0.0.1:%d", servers.FreePort(t))
	const nothing = ", so the filter would find nothing"
	for name, c := range map[string]struct {
		change func(*Config)
		want   []string // how the mistakes begin
	}{
		"a server is down": {func(c *Config) { c.Servers = append(c.Servers, down) }, []string{"directory.servers: " + down + ": "}},
		"another's CA":     {func(c *Config) { c.CAFile = servers.StartSlapd(t).CAFile() }, []string{"directory.ca_file: " + s.Directory.Servers[0] + ": "}},
		"no such login":    {func(c *Config) { c.BindDN = "cn=x,dc=ent,dc=test" }, []string{"directory.bind_dn: "}},
		"no base":          {func(c *Config) { c.Base = "dc=elsewhere" }, []string{`directory.base: ` + s.Directory.Servers[0] + ` has no entry "dc=elsewhere"`}},
		"nobody asks": {func(c *Config) { c.BindDN, c.BindPasswordFile, c.Base = "", "", "dc=elsewhere" }, []string{
			`directory.base: ` + s.Directory.Servers[0] + ` has no entry "dc=elsewhere" that we may read; without bind_dn the searches are anonymous`,
		}},
		"every kind of comparison": {
			func(c *Config) {
				c.UserFilter = "(&(uid=%u)(|(ax=b)(bx=*)(cx=b*)(dx>=1)(ex<=1)(fx~=1)(gx:dn:=1)(hx;lang-fr=1)(!(objectClass=ix)))(objectClass=*))"
			},
			[]string{"ax", "bx", "cx", "dx", "ex", "fx", "gx", "hx", "ix"},
		},
		"a premium filter": {func(c *Config) { c.PremiumFilter = "(objectClass=group0fNames)" }, []string{`directory.premium_filter: the server knows no object class "group0fNames"` + nothing}},
		"list keys that are written": {func(c *Config) { c.ListOwners, c.ListFilter = []string{"ownr"}, "(mial=%a)" }, []string{
			`directory.list_owners: the server knows no attribute "ownr"`, `directory.list_filter: the server knows no attribute "mial"` + nothing,
		}},
		"two servers":  {func(c *Config) { c.Servers = append(c.Servers, c.Servers[0]); c.GroupMembers = []string{"membre"} }, []string{`directory.group_members: the server knows no attribute "membre"`}},
		"nothing":      {func(c *Config) { c.UserFilter = "(0.9.2342.19200300.100.1.1=%u)" }, nil},
		"unused lists": {func(c *Config) { c.Preset, c.GroupMembers = "ad", []string{} }, nil},
	} {
		t.Run(name, func(t *testing.T) {
			config := s.Directory.Config
			config.Servers = slices.Clone(config.Servers)
			c.change(&config)
			_, err := Verify(t.Context(), config, nil, false)
			var got []string
			if err != nil {
				got = strings.Split(err.Error(), "\n")
			}
			if len(got) != len(c.want) {
				t.Fatalf("got %q, want %q", got, c.want)
			}
			for i, want := range c.want {
				if !strings.HasPrefix(got[i], want) && !strings.Contains(got[i], fmt.Sprintf("%q", want)+nothing) {
					t.Errorf("got %s, want %s", got[i], want)
				}
			}
		})
	}
}

// TestVerifyFindsReferences has check say that a server refers elsewhere for a part
// of the tree, and that the line which it writes ends that.
func TestVerifyFindsReferences(t *testing.T) {
	s := startSite(t, "sdet", false)
	s.server.Add(`dn: ou=branch,dc=ent,dc=test
objectClass: referral
objectClass: extensibleObject
ou: branch
ref: ldap://branch.test/ou=branch,dc=ent,dc=test
`)
	unknown := func(config Config) error {
		_, _, err := open(t, config).Lists(t.Context(), []string{"nobodys@listes.ac-test.fr"})
		return err
	}
	const line = `ignore_references = ["ou=branch,dc=ent,dc=test"]`
	_, err := Verify(t.Context(), s.Directory.Config, nil, true)
	if err == nil || !strings.HasPrefix(err.Error(), "directory.base: ") || !strings.Contains(err.Error(), line) || strings.Contains(err.Error(), "\n") {
		t.Errorf("check says %v, not to write %s", err, line)
	}
	if err := unknown(s.Directory.Config); err == nil {
		t.Error("what may be elsewhere is taken for absent")
	}
	config := s.Directory.Config
	config.IgnoreReferences = []string{"OU=branch, dc=ent,dc=test"}
	if _, err := Verify(t.Context(), config, nil, true); err != nil {
		t.Error(err)
	}
	if err := unknown(config); err != nil {
		t.Errorf("with the line: %v", err)
	}
}
