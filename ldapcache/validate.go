package ldapcache

import (
	"errors"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/go-ldap/ldap/v3"

	"github.com/rcptquota/rcptquota/quota/conf"
)

// maxTimeout is how long a message waits for its verdict at most; Postfix, as we
// have it set up, waits a little longer.
const maxTimeout = 10 * time.Second

// Validate returns all mistakes, with keys from the top of the configuration
// file; see [conf.Validator]. It looks at the files that the configuration names,
// and so comes after [Config.Resolve]; it asks no server.
func (c *Config) Validate() error {
	errs := []error{
		positive("ttl", c.TTL),
		positive("negative_ttl", c.NegativeTTL),
		positive("stale_for", c.StaleFor),
		positive("timeout", c.Timeout),
	}
	if c.Timeout.Duration > maxTimeout {
		errs = append(errs, conf.Errorf("timeout", "longer than %v, when the message is decided without an answer; write less", maxTimeout))
	}
	if c.StaleFor.Duration > 0 && c.StaleFor.Duration < c.TTL.Duration {
		errs = append(errs, conf.Errorf("stale_for", "shorter than ttl, so that nothing is ever stale; write a longer time"))
	}
	if c.CacheEntries < 1 {
		errs = append(errs, conf.Errorf("cache_entries", "%d is too few; write how many senders to remember", c.CacheEntries))
	}
	switch c.Source {
	case sourceFile:
		errs = append(errs, readable("file", c.File))
		if len(c.Servers) > 0 {
			errs = append(errs, conf.Errorf("servers", "not asked with source = %q; write source = %q", sourceFile, sourceLDAP))
		}
	case sourceLDAP:
		if c.File != "" {
			errs = append(errs, conf.Errorf("file", "not read with source = %q; leave it out or write source = %q", sourceLDAP, sourceFile))
		}
		errs = append(errs, c.validateServers(), c.validateSearches())
	default:
		errs = append(errs, conf.Errorf("source", "%q is not known; write %q or %q", c.Source, sourceLDAP, sourceFile))
	}
	return conf.Under("directory", errors.Join(errs...))
}

func positive(key string, d conf.Duration) error {
	if d.Duration <= 0 {
		return conf.Errorf(key, "must be longer than zero; write it as in \"5m\" or \"24h\"")
	}
	return nil
}

// readable wants the file at path, if one is named, to be there for us.
func readable(key, path string) error {
	if path == "" {
		return nil
	}
	file, err := os.Open(path)
	if err != nil {
		return conf.Errorf(key, "%v", err)
	}
	_ = file.Close() // it was only read from
	return nil
}

func (c *Config) validateServers() error {
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
	} else if _, err := conf.TLS(c.CAFile); err != nil {
		errs = append(errs, conf.Errorf("ca_file", "%v", err))
	}
	if c.BindDN != "" && c.BindPasswordFile == "" {
		errs = append(errs, conf.Errorf("bind_password_file", "missing; name the file with the password of bind_dn"))
	}
	if c.BindDN == "" && c.BindPasswordFile != "" {
		errs = append(errs, conf.Errorf("bind_dn", "missing; name who binds with the password of bind_password_file"))
	}
	if c.BindPasswordFile != "" {
		if _, err := conf.ReadPassword(c.BindPasswordFile); err != nil {
			errs = append(errs, conf.Errorf("bind_password_file", "%v", err))
		}
	}
	return errors.Join(errs...)
}

func (c *Config) validateSearches() error {
	var errs []error
	if c.Base == "" {
		errs = append(errs, conf.Errorf("base", "missing; write the DN to search below, as in \"dc=example,dc=org\""))
	} else if _, err := ldap.ParseDN(c.Base); err != nil {
		errs = append(errs, conf.Errorf("base", "%q is not a DN: %v", c.Base, err))
	}
	for _, text := range c.IgnoreReferences {
		if dn, err := ldap.ParseDN(text); err != nil || len(dn.RDNs) == 0 {
			errs = append(errs, conf.Errorf("ignore_references", "%q is not a DN; write it as check tells it", text))
		}
	}
	if _, known := presets[c.Preset]; !known {
		names := slices.Sorted(maps.Keys(presets))
		return errors.Join(append(errs, conf.Errorf("preset", "%q is not known; write one of: %s", c.Preset, strings.Join(names, ", ")))...)
	}
	full := c.withPreset()
	if len(full.UserAddresses) == 0 {
		errs = append(errs, conf.Errorf("user_addresses", "empty; name the attributes with professional addresses"))
	}
	for _, key := range full.filters() {
		_, err := key.parse()
		errs = append(errs, err)
	}
	for _, key := range full.attributes() {
		errs = append(errs, validateAttributes(key.name, *key.value))
	}
	return errors.Join(errs...)
}

// attributeName is RFC 4512 section 1.4, keystring: servers answer with names,
// not with numeric OIDs.
var attributeName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9-]*$`)

func validateAttributes(key string, names []string) error {
	var errs []error
	for _, name := range names {
		if !attributeName.MatchString(name) {
			errs = append(errs, conf.Errorf(key, "%q is not the name of an attribute", name))
		}
	}
	return errors.Join(errs...)
}
