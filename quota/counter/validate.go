package counter

import (
	"errors"
	"slices"
	"time"

	"github.com/rcptquota/rcptquota/quota/conf"
	"github.com/rcptquota/rcptquota/quota/counter/digest"
)

// maxTimeout keeps twice the timeout well below the 30 seconds that Postfix
// gives a milter (milter_command_timeout).
const maxTimeout = 10 * time.Second

// Validate returns all mistakes, with keys from the top of the configuration
// file; see [conf.Validator]. It looks at the files that the configuration names,
// and so comes after [Config.Resolve]; it asks no server.
func (c *Config) Validate() error {
	var errs []error
	switch c.Kind {
	case kindEmbedded:
		errs = append(errs, c.validateUnused())
	case kindRedis:
		errs = append(errs, c.Config.Validate(), c.validateKey())
	default:
		errs = append(errs, conf.Errorf("kind", "%q is not known; write %q or %q", c.Kind, kindEmbedded, kindRedis))
	}
	if c.Timeout.Duration <= 0 || c.Timeout.Duration > maxTimeout {
		errs = append(errs, conf.Errorf("timeout", "must be longer than zero and at most %v; write it as in \"250ms\"", maxTimeout))
	}
	if ways := []string{unavailableLocal, unavailablePass, unavailableDefer}; !slices.Contains(ways, c.Unavailable) {
		errs = append(errs, conf.Errorf("unavailable", "%q is not known; write %q, %q or %q", c.Unavailable, ways[0], ways[1], ways[2]))
	}
	return conf.Under("store", errors.Join(errs...))
}

// validateUnused finds keys of Redis without Redis: somebody believes that the
// relays count together.
func (c *Config) validateUnused() error {
	var errs []error
	for _, k := range []struct {
		key string
		set bool
	}{
		{"addresses", len(c.Addresses) > 0},
		{"master_name", c.MasterName != ""},
		{"username", c.Username != ""},
		{"password_file", c.PasswordFile != ""},
		{"sentinel_username", c.SentinelUsername != ""},
		{"sentinel_password_file", c.SentinelPasswordFile != ""},
		{"tls", c.TLS},
		{"ca_file", c.CAFile != ""},
		{"digest_key_file", c.DigestKeyFile != ""},
	} {
		if k.set {
			errs = append(errs, conf.Errorf(k.key, "not read with kind = %q; leave it out or write kind = %q", kindEmbedded, kindRedis))
		}
	}
	return errors.Join(errs...)
}

func (c *Config) validateKey() error {
	if c.DigestKeyFile == "" {
		return conf.Errorf("digest_key_file", "missing; %s", digest.MakeKey)
	}
	if _, err := digest.ReadKey(c.DigestKeyFile); err != nil {
		return conf.Errorf("digest_key_file", "%v", err)
	}
	return nil
}
