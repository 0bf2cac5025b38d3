package counter

import (
	"errors"
	"net"
	"path/filepath"
	"slices"
	"time"

	"github.com/rcptquota/rcptquota/quota/conf"
	"github.com/rcptquota/rcptquota/quota/conf/credential"
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
		errs = append(errs, c.validateAddresses(), c.validateSecrets())
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

func (c *Config) validateAddresses() error {
	if len(c.Addresses) == 0 {
		return conf.Errorf("addresses", "missing; write where Redis listens, as in [\"127.0.0.1:6379\"]")
	}
	var errs []error
	for _, address := range c.Addresses {
		if filepath.IsAbs(address) {
			errs = append(errs, c.validateSocket(address))
			continue
		}
		if host, port, err := net.SplitHostPort(address); err != nil || host == "" || port == "" {
			errs = append(errs, conf.Errorf("addresses", "%q is not an address; write \"host:port\", or the path of a unix socket", address))
		}
	}
	return errors.Join(errs...)
}

func (c *Config) validateSocket(path string) error {
	switch {
	case c.MasterName != "" || len(c.Addresses) > 1:
		return conf.Errorf("addresses", "%q is a unix socket, which neither a Sentinel nor a Cluster has; write \"host:port\"", path)
	case c.TLS:
		return conf.Errorf("tls", "not possible on the unix socket %s", path)
	}
	return nil
}

func (c *Config) validateSecrets() error {
	errs := []error{
		validatePassword("password_file", c.Username, c.PasswordFile),
		validatePassword("sentinel_password_file", c.SentinelUsername, c.SentinelPasswordFile),
	}
	if c.MasterName == "" && c.SentinelUsername+c.SentinelPasswordFile != "" {
		errs = append(errs, conf.Errorf("master_name", "missing; write what the Sentinels call the server, or leave out sentinel_username and sentinel_password_file"))
	}
	if c.CAFile != "" && !c.TLS {
		errs = append(errs, conf.Errorf("ca_file", "not read without tls = true"))
	} else if _, err := credential.TLS(c.CAFile); err != nil {
		errs = append(errs, conf.Errorf("ca_file", "%v", err))
	}
	if c.DigestKeyFile == "" {
		errs = append(errs, conf.Errorf("digest_key_file", "missing; %s", makeKey))
	} else if _, err := readKey(c.DigestKeyFile); err != nil {
		errs = append(errs, conf.Errorf("digest_key_file", "%v", err))
	}
	return errors.Join(errs...)
}

func validatePassword(key, username, file string) error {
	if file == "" {
		if username != "" {
			return conf.Errorf(key, "missing; write the file with the password of %s", username)
		}
		return nil
	}
	if _, err := credential.ReadPassword(file); err != nil {
		return conf.Errorf(key, "%v", err)
	}
	return nil
}
