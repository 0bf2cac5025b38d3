package failover

import (
	"errors"
	"path/filepath"

	"github.com/rcptquota/rcptquota/quota/conf"
	"github.com/rcptquota/rcptquota/quota/conf/credential"
)

// Config is the part of the table [directory] that is about servers.
type Config struct {
	// Servers are LDAP URLs (RFC 4516) of a scheme and a host only, ldaps://, ldap://
	// or ldapi://, tried in order.
	Servers []string `toml:"servers"`
	// StartTLS turns TLS on over ldap:// (RFC 4511 section 4.14).
	StartTLS bool `toml:"start_tls"`
	// CAFile is a file, in PEM, with the authorities that sign the servers'
	// certificates. Left out: the system's.
	CAFile string `toml:"ca_file"`
	// BindDN is the DN to bind with. Left out: anonymous.
	BindDN string `toml:"bind_dn"`
	// BindPasswordFile is the file with its password, read at each connection; the end
	// of its last line does not belong to it.
	BindPasswordFile string `toml:"bind_password_file"`
	// Base is the DN below which the whole subtree is searched.
	Base string `toml:"base"`
	// Timeout is the time for one lookup, all its searches and all servers together.
	Timeout conf.Duration `toml:"timeout"`
}

// Resolve makes the files that the configuration names relative to dir.
func (c *Config) Resolve(dir string) {
	for _, path := range []*string{&c.CAFile, &c.BindPasswordFile} {
		if *path != "" && !filepath.IsAbs(*path) {
			*path = filepath.Join(dir, *path)
		}
	}
}

// Validate returns the mistakes about the servers, as [*conf.Mistake] errors joined.
// It reads the files that the configuration names, and asks no server.
func (c *Config) Validate() error {
	var errs []error
	if len(c.Servers) == 0 {
		errs = append(errs, conf.Errorf("servers", "missing; name at least one, as in \"ldaps://ldap.example.org\""))
	}
	secure := c.StartTLS
	for _, url := range c.Servers {
		s, err := parseServer(url)
		if err != nil {
			errs = append(errs, conf.Errorf("servers", "%v", err))
			continue
		}
		secure = secure || s.tls
		if c.StartTLS && (s.tls || s.network == "unix") {
			errs = append(errs, conf.Errorf("start_tls", "not possible on %s, only on ldap://; write start_tls = false", s.url))
		}
	}
	if c.CAFile != "" && !secure && len(errs) == 0 {
		errs = append(errs, conf.Errorf("ca_file", "no server is asked over TLS; write ldaps:// servers or start_tls = true"))
	} else if _, err := credential.TLS(c.CAFile); err != nil {
		errs = append(errs, conf.Errorf("ca_file", "%v", err))
	}
	if c.BindDN != "" && c.BindPasswordFile == "" {
		errs = append(errs, conf.Errorf("bind_password_file", "missing; name the file with the password of bind_dn"))
	}
	if c.BindDN == "" && c.BindPasswordFile != "" {
		errs = append(errs, conf.Errorf("bind_dn", "missing; name who binds with the password of bind_password_file"))
	}
	if c.BindPasswordFile != "" {
		if _, err := credential.ReadPassword(c.BindPasswordFile); err != nil {
			errs = append(errs, conf.Errorf("bind_password_file", "%v", err))
		}
	}
	return errors.Join(errs...)
}
