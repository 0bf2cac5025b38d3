package counter

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rcptquota/rcptquota/quota/conf"
	"github.com/rcptquota/rcptquota/quota/counter/endpoint"
	"github.com/rcptquota/rcptquota/quota/counter/local"
)

// parse reads a configuration file in dir that has the table [store] only.
func parse(dir, text string) (Config, error) {
	file := struct {
		Store *Config `toml:"store"`
	}{new(DefaultConfig())}
	if err := conf.Decode("f.toml", []byte("[store]\n"+text), &file); err != nil {
		return Config{}, err
	}
	file.Store.Resolve(dir)
	return *file.Store, file.Store.Validate()
}

// secrets makes a folder with the files that configurations name: a key, one that
// is too short, a password and none.
func secrets(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{"k": strings.Repeat("k", 32), "short": strings.Repeat("k", 31), "p": "geheim", "empty": ""} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// minimal is a Redis with nothing that has a default.
const minimal = "kind = 'redis'\naddresses = ['127.0.0.1:6379']\ndigest_key_file = 'k'\n"

func withAddresses(list string) string {
	return "kind = 'redis'\ndigest_key_file = 'k'\naddresses = [" + list + "]\n"
}

func TestValidConfigurations(t *testing.T) {
	dir := secrets(t)
	for name, text := range map[string]string{
		"empty":     "",
		"embedded":  "kind = 'embedded'",
		"redis":     minimal,
		"ACL":       minimal + "username = 'u'\npassword_file = 'p'",
		"password":  minimal + "password_file = 'p'",
		"TLS":       minimal + "tls = true",
		"socket":    withAddresses("'/run/redis/redis.sock'"),
		"Cluster":   withAddresses("'a:1', '[::1]:2'"),
		"Sentinels": withAddresses("'a:1', 'b:2'") + "master_name = 'm'\nsentinel_username = 'u'\nsentinel_password_file = 'p'",
		"pass":      minimal + "unavailable = 'pass'\ntimeout = '1s'",
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := parse(dir, text); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestMistakes(t *testing.T) {
	dir := secrets(t)
	for name, c := range map[string]struct{ text, want string }{
		"kind":               {"kind = 'mysql'", `store.kind: "mysql" is not known; write "embedded" or "redis"`},
		"no addresses":       {"kind = 'redis'\ndigest_key_file = 'k'", "store.addresses: missing"},
		"no key":             {"kind = 'redis'\naddresses = ['a:1']", "store.digest_key_file: missing; make one with `head -c 32 /dev/urandom | base64`"},
		"no port":            {withAddresses("'a'"), `store.addresses: "a" is not an address`},
		"no host":            {withAddresses("':6379'"), `store.addresses: ":6379" is not an address`},
		"URL":                {withAddresses("'redis://a:6379'"), `store.addresses: "redis://a:6379" is not an address`},
		"two sockets":        {withAddresses("'a:1', '/s'"), `store.addresses: "/s" is a unix socket`},
		"socket of Sentinel": {withAddresses("'/s'") + "master_name = 'm'", `store.addresses: "/s" is a unix socket`},
		"socket with TLS":    {withAddresses("'/s'") + "tls = true", "store.tls: not possible on the unix socket /s"},
		"user, no password":  {minimal + "username = 'u'", "store.password_file: missing"},
		"no password":        {minimal + "password_file = 'absent'", "store.password_file: open "},
		"empty password":     {minimal + "password_file = 'empty'", "store.password_file: " + filepath.Join(dir, "empty") + " holds no password"},
		"Sentinel's user":    {withAddresses("'a:1'") + "master_name = 'm'\nsentinel_username = 'u'", "store.sentinel_password_file: missing; write"},
		"Sentinel's file":    {withAddresses("'a:1'") + "master_name = 'm'\nsentinel_password_file = 'absent'", "store.sentinel_password_file: open "},
		"no Sentinel":        {minimal + "sentinel_password_file = 'p'", "store.master_name: missing; write"},
		"no CA":              {minimal + "tls = true\nca_file = 'absent'", "store.ca_file: open "},
		"no certificate":     {minimal + "tls = true\nca_file = 'k'", "store.ca_file: " + filepath.Join(dir, "k") + " holds no certificate in PEM"},
		"no key there":       {"kind = 'redis'\naddresses = ['a:1']\ndigest_key_file = 'absent'", "store.digest_key_file: open "},
		"short key":          {"kind = 'redis'\naddresses = ['a:1']\ndigest_key_file = 'short'", "store.digest_key_file: " + filepath.Join(dir, "short") + " holds 31 bytes, fewer than 32; make one with"},
		"CA without TLS":     {minimal + "ca_file = 'c'", "store.ca_file: not read without tls"},
		"no time":            {minimal + "timeout = '0s'", "store.timeout: must be longer"},
		"much time":          {minimal + "timeout = '11s'", "store.timeout: must be longer than zero and at most 10s"},
		"unavailable":        {minimal + "unavailable = 'refuse'", `store.unavailable: "refuse" is not known`},
		"not Redis":          {"addresses = ['a:1']", "store.addresses: not read with kind = \"embedded\"; leave it out"},
		"key without Redis":  {"digest_key_file = 'k'", "store.digest_key_file: not read"},
		"unknown key":        {"database = 1", "f.toml:2: store.database: unknown key"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := parse(dir, c.text)
			if err == nil || !strings.HasPrefix(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("got %v, want %s", err, c.want)
			}
		})
	}
}

func TestResolve(t *testing.T) {
	config := Config{Config: endpoint.Config{PasswordFile: "p"}, DigestKeyFile: "/k"}
	config.Resolve("/etc/rcptquota")
	if config.PasswordFile != "/etc/rcptquota/p" || config.DigestKeyFile != "/k" || config.CAFile != "" {
		t.Errorf("resolved: %+v", config)
	}
}

func TestOpenReadsTheFiles(t *testing.T) {
	key := filepath.Join(secrets(t), "k")
	for name, c := range map[string]struct {
		config Config
		want   string
	}{
		"no key":               {Config{DigestKeyFile: "absent"}, "store.digest_key_file: open absent: no such file or directory; make one with `head"},
		"no Sentinel password": {Config{DigestKeyFile: key, Config: endpoint.Config{SentinelPasswordFile: "absent"}}, "store.sentinel_password_file: open absent"},
		"no CA":                {Config{DigestKeyFile: key, Config: endpoint.Config{TLS: true, CAFile: "absent"}}, "store.ca_file: open absent"},
		"no state_dir":         {Config{DigestKeyFile: key, Unavailable: unavailableLocal, Config: endpoint.Config{Timeout: conf.Duration{Duration: time.Second}}}, "absent/windows.db"},
	} {
		t.Run(name, func(t *testing.T) {
			c.config.Kind, c.config.Addresses = kindRedis, []string{"127.0.0.1:1"}
			if counter, err := Open(c.config, "absent"); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, %v; want %s", counter, err, c.want)
			}
		})
	}
}

func TestOpenEmbedded(t *testing.T) {
	c, err := Open(DefaultConfig(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := c.(*local.Store); !ok {
		t.Errorf("the default store is a %T", c)
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
}
