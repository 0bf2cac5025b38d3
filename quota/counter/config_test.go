package counter

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rcptquota/rcptquota/quota/conf"
)

// parse reads a configuration file that has the table [store] only.
func parse(text string) (Config, error) {
	file := struct {
		Store *Config `toml:"store"`
	}{new(DefaultConfig())}
	if err := conf.Decode("f.toml", []byte("[store]\n"+text), &file); err != nil {
		return Config{}, err
	}
	return *file.Store, file.Store.Validate()
}

// minimal is a Redis with nothing that has a default.
const minimal = "kind = 'redis'\naddresses = ['127.0.0.1:6379']\ndigest_key_file = 'k'\n"

func withAddresses(list string) string {
	return "kind = 'redis'\ndigest_key_file = 'k'\naddresses = [" + list + "]\n"
}

func TestValidConfigurations(t *testing.T) {
	for name, text := range map[string]string{
		"empty":     "",
		"embedded":  "kind = 'embedded'",
		"redis":     minimal,
		"ACL":       minimal + "username = 'u'\npassword_file = 'p'",
		"password":  minimal + "password_file = 'p'",
		"TLS":       minimal + "tls = true\nca_file = 'c'",
		"socket":    withAddresses("'/run/redis/redis.sock'"),
		"Cluster":   withAddresses("'a:1', '[::1]:2'"),
		"Sentinels": withAddresses("'a:1', 'b:2'") + "master_name = 'm'",
		"pass":      minimal + "unavailable = 'pass'\ntimeout = '1s'",
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := parse(text); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestMistakes(t *testing.T) {
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
		"CA without TLS":     {minimal + "ca_file = 'c'", "store.ca_file: not read without tls"},
		"no time":            {minimal + "timeout = '0s'", "store.timeout: must be longer"},
		"much time":          {minimal + "timeout = '11s'", "store.timeout: must be longer than zero and at most 10s"},
		"unavailable":        {minimal + "unavailable = 'refuse'", `store.unavailable: "refuse" is not known`},
		"not Redis":          {"addresses = ['a:1']", "store.addresses: not read with kind = \"embedded\"; leave it out"},
		"key without Redis":  {"digest_key_file = 'k'", "store.digest_key_file: not read"},
		"unknown key":        {"database = 1", "f.toml:2: store.database: unknown key"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := parse(c.text)
			if err == nil || !strings.HasPrefix(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("got %v, want %s", err, c.want)
			}
		})
	}
}

func TestResolve(t *testing.T) {
	config := Config{PasswordFile: "p", DigestKeyFile: "/k"}
	config.Resolve("/etc/rcptquota")
	if config.PasswordFile != "/etc/rcptquota/p" || config.DigestKeyFile != "/k" || config.CAFile != "" {
		t.Errorf("resolved: %+v", config)
	}
}

func TestOpenReadsTheFiles(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"key": strings.Repeat("k", 32) + "\n", "short": strings.Repeat("k", 31) + "\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, c := range map[string]struct {
		config Config
		want   string
	}{
		"no key":          {Config{DigestKeyFile: "absent"}, "digest_key_file: open absent: no such file or directory; make one with `head"},
		"short key":       {Config{DigestKeyFile: filepath.Join(dir, "short")}, "holds 31 bytes, fewer than 32; make one with"},
		"no password":     {Config{DigestKeyFile: filepath.Join(dir, "key"), PasswordFile: "absent"}, "password_file: open absent"},
		"no CA":           {Config{DigestKeyFile: filepath.Join(dir, "key"), TLS: true, CAFile: "absent"}, "ca_file: open absent"},
		"no certificates": {Config{DigestKeyFile: filepath.Join(dir, "key"), TLS: true, CAFile: filepath.Join(dir, "key")}, "holds no certificate"},
		"no state_dir":    {Config{DigestKeyFile: filepath.Join(dir, "key"), Unavailable: unavailableLocal, Timeout: conf.Duration{Duration: time.Second}}, "absent/" + stateFile},
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
	if _, ok := c.(*Local); !ok {
		t.Errorf("the default store is a %T", c)
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
}

func TestDigestsOfSendersAndRecipientsDiffer(t *testing.T) {
	d := newDigester([]byte("key"))
	for recipient := range d.all(addresses([]int{1})) {
		if sender := d.sender("r1@example.org"); len(sender) != 32 || strings.HasPrefix(sender, fmt.Sprintf("%016x", recipient)) || sender == d.sender("r2@example.org") {
			t.Errorf("sender %s, recipient %x", sender, recipient)
		}
	}
}
