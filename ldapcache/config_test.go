package ldapcache

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rcptquota/rcptquota/quota/conf"
)

// parse reads a configuration file that has the table [directory] only.
func parse(text string) (Config, error) {
	file := struct {
		Directory *Config `toml:"directory"`
	}{new(DefaultConfig())}
	if err := conf.Decode("f.toml", []byte("[directory]\n"+text), &file); err != nil {
		return Config{}, err
	}
	return *file.Directory, file.Directory.Validate()
}

// minimal is an LDAP configuration with nothing that has a default.
const minimal = `source = "ldap"
servers = ["ldap://a.test"]
base = "dc=test"
`

// authority writes a certificate, and returns its file.
func authority(t *testing.T) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestValidConfigurations(t *testing.T) {
	ca := authority(t)
	for name, text := range map[string]string{
		"empty":         "",
		"file":          "source = 'file'\nfile = 'doc.go'",
		"minimal":       minimal,
		"bind":          minimal + "bind_dn = 'cn=x'\nbind_password_file = 'doc.go'",
		"StartTLS":      minimal + "start_tls = true\nca_file = '" + ca + "'",
		"schemes":       "source = 'ldap'\nbase = 'dc=test'\nservers = ['ldaps://a.test:1636/', 'ldapi://%2Frun%2Fldapi', 'ldap://[::1]:389']\nca_file = '" + ca + "'",
		"no premium":    minimal + "premium_members = []",
		"two places":    minimal + "user_filter = '(|(uid=%u)(mail=%u))'",
		"a per cent":    minimal + `user_filter = '(&(uid=%u)(o=100\25))'`,
		"matching":      minimal + "user_filter = '(uid:caseIgnoreMatch:=%u)'",
		"preset name":   minimal + "preset = 'sdet'",
		"a text before": minimal + "list_filter = '(proxyAddresses=smtp:%a)'",
		"no reference":  minimal + "establishment_reference = []",
		"supann":        minimal + "preset = 'supann'",
		"inetorgperson": minimal + "preset = 'inetorgperson'",
		"ad":            minimal + "preset = 'ad'",
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := parse(text); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestMistakes(t *testing.T) {
	empty := filepath.Join(t.TempDir(), "empty")
	if err := os.WriteFile(empty, []byte("\r\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	servers := func(url string) string { return "source = 'ldap'\nbase = 'dc=test'\nservers = ['" + url + "']" }
	for name, c := range map[string]struct{ text, want string }{
		"source":                {"source = 'sql'", `directory.source: "sql" is not known; write "ldap" or "file"`},
		"no servers":            {"source = 'ldap'\nbase = 'dc=test'", "directory.servers: missing"},
		"no base":               {"source = 'ldap'\nservers = ['ldap://a']", "directory.base: missing"},
		"base":                  {"source = 'ldap'\nservers = ['ldap://a']\nbase = 'test'", `directory.base: "test" is not a DN`},
		"scheme":                {servers("http://a.test"), "directory.servers: \"http://a.test\" is not an LDAP URL"},
		"no scheme":             {servers("a.test"), "directory.servers: \"a.test\" is not an LDAP URL"},
		"host and port":         {servers("a.test:389"), "directory.servers: \"a.test:389\" is not an LDAP URL"},
		"no host":               {servers("ldap:///"), "directory.servers: \"ldap:///\" has no host"},
		"DN in the URL":         {servers("ldap://a/dc=test"), "directory.servers: \"ldap://a/dc=test\" has more than a host"},
		"query in the URL":      {servers("ldap://a?uid"), "directory.servers: \"ldap://a?uid\" has more than a host"},
		"login in the URL":      {servers("ldap://u:hidden@a"), "directory.servers: \"ldap://u:xxxxx@a\" holds a login"},
		"not a URL":             {servers("ldap://u:hidden@[a"), "directory.servers: a server is not a URL"},
		"socket":                {servers("ldapi://run/ldapi"), "directory.servers: \"ldapi://run/ldapi\" is not a socket"},
		"StartTLS and ldaps":    {servers("ldaps://a") + "\nstart_tls = true", "directory.start_tls: not possible on ldaps://a"},
		"StartTLS and ldapi":    {servers("ldapi:///") + "\nstart_tls = true", "directory.start_tls: not possible on ldapi:///"},
		"CA without TLS":        {minimal + "ca_file = 'ca.pem'", "directory.ca_file: no server is asked over TLS"},
		"no password":           {minimal + "bind_dn = 'cn=x'", "directory.bind_password_file: missing"},
		"absent CA":             {minimal + "start_tls = true\nca_file = 'absent.pem'", "directory.ca_file: open absent.pem: no such file"},
		"no CA":                 {minimal + "start_tls = true\nca_file = 'doc.go'", "directory.ca_file: doc.go holds no certificate in PEM"},
		"absent password":       {minimal + "bind_dn = 'cn=x'\nbind_password_file = 'absent'", "directory.bind_password_file: open absent: no such file"},
		"empty password":        {minimal + "bind_dn = 'cn=x'\nbind_password_file = '" + empty + "'", "directory.bind_password_file: " + empty + " holds no password"},
		"absent file":           {"file = 'absent.toml'", "directory.file: open absent.toml: no such file"},
		"nobody binds":          {minimal + "bind_password_file = 'doc.go'", "directory.bind_dn: missing"},
		"preset":                {minimal + "preset = 'x400'", `directory.preset: "x400" is not known; write one of: ad, inetorgperson, sdet, supann`},
		"filter without place":  {minimal + "user_filter = '(uid=x)'", "directory.user_filter: has no %u"},
		"place of another":      {minimal + "user_filter = '(uid=%s)'", "directory.user_filter: has no %u"},
		"a second place":        {minimal + "user_filter = '(|(uid=%u)(mail=%d))'", `directory.user_filter: "%d" is not replaced`},
		"place as an attribute": {minimal + "user_filter = '(&(uid=x)(%u=x))'", "directory.user_filter: %u is not a whole value"},
		"place before a star":   {minimal + "user_filter = '(uid=%u*)'", "directory.user_filter: %u is not a whole value; write it between = and ), as in \"(uid=%u)\""},
		"place after a star":    {minimal + "user_filter = '(|(uid=%u)(uid=*%u))'", "directory.user_filter: %u is not a whole value"},
		"place in an address":   {minimal + "user_filter = '(mail=%u@test)'", "directory.user_filter: %u is not a whole value"},
		"place twice in one":    {minimal + "user_filter = '(uid=%u%u)'", "directory.user_filter: %u is not a whole value"},
		"login of no attribute": {minimal + "user_filter = '(:dn:2.5.13.5:=%u)'", "directory.user_filter: compares no attribute with %u"},
		"filter":                {minimal + "user_filter = '(&(uid=%u)'", "directory.user_filter: not a filter (RFC 4515): ldap: unexpected end"},
		"filter and more":       {minimal + "user_filter = '(uid=%u))'", "directory.user_filter: not a filter (RFC 4515): ldap: finished"},
		"premium filter":        {minimal + "premium_filter = 'cn=premium'", "directory.premium_filter: not a filter (RFC 4515): ldap: filter does not start"},
		"premium place":         {minimal + "premium_filter = '(cn=%u)'", `directory.premium_filter: "%u" is not replaced`},
		"list filter":           {minimal + "list_filter = '(mail=%u)'", `directory.list_filter: has no %a; write it where what is looked for goes, as in "(mail=%a)"`},
		"place after a pattern": {minimal + "list_filter = '(mail=x*y%a)'", "directory.list_filter: %a is not a whole value"},
		"place after an escape": {minimal + "list_filter = '(mail=\\\\%a)'", "directory.list_filter: not a filter (RFC 4515): ldap: invalid characters for escape"},
		"establishment filter":  {minimal + "establishment_filter = '(ou=x)'", "directory.establishment_filter: has no %e"},
		"owners":                {minimal + "list_owners = ['(owner)']", `directory.list_owners: "(owner)" is not the name`},
		"no addresses":          {minimal + "user_addresses = []", "directory.user_addresses: empty"},
		"attribute":             {minimal + "user_addresses = ['mail)(uid=*']", `directory.user_addresses: "mail)(uid=*" is not the name`},
		"member":                {minimal + "premium_members = ['']", `directory.premium_members: "" is not the name`},
		"establishment":         {minimal + "user_establishment = ['1.2.3']", `directory.user_establishment: "1.2.3" is not the name`},
		"timeout":               {"timeout = '0s'", "directory.timeout: must be longer"},
		"no time left":          {"timeout = '10001ms'", "directory.timeout: longer than 10s"},
		"no unit":               {"timeout = 2", "f.toml:2: directory.timeout: 2 has no unit; write it as in \"2s\""},
		"ttl":                   {"ttl = '-1s'", "directory.ttl: must be longer"},
		"negative_ttl":          {"negative_ttl = '0s'", "directory.negative_ttl: must be longer"},
		"stale_for":             {"stale_for = '0s'", "directory.stale_for: must be longer"},
		"stale_for below ttl":   {"stale_for = '1m'", "directory.stale_for: shorter than ttl"},
		"cache_entries":         {"cache_entries = 0", "directory.cache_entries: 0 is too few"},
		"file with LDAP":        {minimal + "file = 'd.toml'", "directory.file: not read"},
		"LDAP with file":        {"servers = ['ldap://a']", "directory.servers: not asked"},
		"unknown key":           {"tls = true", "f.toml:2: directory.tls: unknown key"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := parse(c.text)
			if err == nil || !strings.HasPrefix(err.Error(), c.want) {
				t.Errorf("got %v, want %s", err, c.want)
			}
			if err != nil && (strings.Contains(err.Error(), "\n") || strings.Contains(err.Error(), "hidden")) {
				t.Errorf("more than one mistake, or a secret: %v", err)
			}
		})
	}
}

func TestSeveralMistakesAreToldAtOnce(t *testing.T) {
	_, err := parse("source = 'ldap'\nttl = '0s'")
	for _, key := range []string{"ttl", "servers", "base"} {
		if err == nil || !strings.Contains(err.Error(), "directory."+key+":") {
			t.Errorf("no word on %s in: %v", key, err)
		}
	}
}

func TestResolve(t *testing.T) {
	config := Config{File: "d.toml"}
	config.CAFile = "/etc/ca.pem"
	conf.Resolver(&config).Resolve("/etc/rcptquota")
	if config.File != "/etc/rcptquota/d.toml" || config.CAFile != "/etc/ca.pem" || config.BindPasswordFile != "" {
		t.Errorf("resolved: %+v", config)
	}
}
