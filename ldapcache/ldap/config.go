package ldap

import (
	"errors"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	goldap "github.com/go-ldap/ldap/v3"

	"github.com/rcptquota/rcptquota/ldapcache/ldap/failover"
	"github.com/rcptquota/rcptquota/quota/conf"
)

// Config is the part of the table [directory] that is about LDAP.
type Config struct {
	failover.Config
	// Preset is the kind of directory, from which the keys from "user_filter" on have
	// their defaults: "sdet" (French ENT), "supann", "inetorgperson" or "ad".
	Preset string `toml:"preset"`
	// IgnoreReferences are DNs to which the server refers for a part of the tree (a
	// subordinate referral, RFC 4511 section 4.5.3), and below which there are neither
	// senders nor lists; "check" prints them. Other servers are never asked: while
	// there is any other such reference, nothing is known of what is not found.
	IgnoreReferences []string `toml:"ignore_references"`
	Schema

	// CountMembers has the members of lists counted. It is no key: the rules of lists
	// say whether their number matters.
	CountMembers bool `toml:"-"`
}

// DefaultConfig returns the configuration of an empty table.
func DefaultConfig() Config {
	return Config{
		Config: failover.Config{Timeout: conf.Duration{Duration: 2 * time.Second}},
		Preset: "sdet",
	}
}

// Validate returns the mistakes about servers and searches, as [*conf.Mistake] errors
// joined. It reads the files that the configuration names, and asks no server.
func (c *Config) Validate() error {
	errs := []error{c.Config.Validate()}
	if c.Base == "" {
		errs = append(errs, conf.Errorf("base", "missing; write the DN to search below, as in \"dc=example,dc=org\""))
	} else if _, err := goldap.ParseDN(c.Base); err != nil {
		errs = append(errs, conf.Errorf("base", "%q is not a DN: %v", c.Base, err))
	}
	for _, text := range c.IgnoreReferences {
		if dn, err := goldap.ParseDN(text); err != nil || len(dn.RDNs) == 0 {
			errs = append(errs, conf.Errorf("ignore_references", "%q is not a DN; copy it from the output of \"rcptquota check\"", text))
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
