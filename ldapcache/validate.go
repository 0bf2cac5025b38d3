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
		errs = append(errs, key.validate())
	}
	for _, key := range full.attributes() {
		errs = append(errs, validateAttributes(key.name, *key.value))
	}
	return errors.Join(errs...)
}

// validate wants what is looked for to end a value, and to stand nowhere else:
// escaping makes it safe as a value only, and beside a * it would find others.
func (k filterKey) validate() error {
	filter := *k.value
	if filter == "" { // only where no preset has one
		return nil
	}
	if k.place == "" {
		return validateFilter(k.name, filter)
	}
	parts := strings.Split(filter, k.place)
	if len(parts) == 1 {
		return conf.Errorf(k.name, "has no %s; write it where what is looked for goes, as in %q", k.place, k.sample)
	}
	for i, after := range parts[1:] {
		if !valueBegins.MatchString(parts[i]) || !strings.HasPrefix(after, ")") {
			return conf.Errorf(k.name, "%s is not a whole value; write it between = and ), as in %q", k.place, k.sample)
		}
	}
	if k.place == loginPlace && strings.Contains(anyLogin(filter), loginPlace) {
		return conf.Errorf(k.name, "compares no attribute with %s; write one before the =, as in %q", k.place, k.sample)
	}
	return validateFilter(k.name, fill(filter, k.place, "sample"))
}

// valueBegins matches what stands before a place: the beginning of a value, with
// or without a text that all values begin with, as in "(proxyAddresses=smtp:%a)".
var valueBegins = regexp.MustCompile(`=[^()*\\=]*$`)

// validateFilter compiles a filter in which nothing is left to fill in. A per cent
// sign is taken for what other programs would replace.
func validateFilter(key, filter string) error {
	if i := strings.IndexByte(filter, '%'); i >= 0 {
		return conf.Errorf(key, "%q is not replaced by anything; write a literal %% as \\25", filter[i:min(i+2, len(filter))])
	}
	if _, err := ldap.CompileFilter(filter); err != nil {
		return conf.Errorf(key, "not a filter (RFC 4515): %v", errors.Unwrap(err))
	}
	return nil
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
