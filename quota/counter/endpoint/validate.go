package endpoint

import (
	"errors"
	"net"
	"path/filepath"

	"github.com/rcptquota/rcptquota/quota/conf"
	"github.com/rcptquota/rcptquota/quota/conf/credential"
)

// Validate returns all mistakes, with keys of the table; see [conf.Validator]. The
// timeout is the caller's to judge.
func (c *Config) Validate() error { return errors.Join(c.validateAddresses(), c.validateSecrets()) }

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
