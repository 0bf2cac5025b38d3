package ldapcache

import (
	"path/filepath"
	"time"

	"github.com/rcptquota/rcptquota/quota/conf"
)

// defaultFile is where the directory in a file stands, beside the configuration
// file, when the configuration does not say.
const defaultFile = "directory.toml"

// The sources of a directory.
const (
	sourceFile = "file"
	sourceLDAP = "ldap"
)

// Config is the table [directory] of the configuration file.
type Config struct {
	// Source is "file" or "ldap".
	Source string `toml:"source"`
	// File is the directory in a file, beside the configuration file; it is read again
	// when it changes. A file that is named must exist. Left out: "directory.toml",
	// which need not exist.
	File string `toml:"file"`

	// Preset is the kind of directory, from which the keys from "user_filter" on have
	// their defaults: "sdet" (French ENT), "supann", "inetorgperson" or "ad".
	Preset string `toml:"preset"`
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
	// IgnoreReferences are DNs to which the server refers for a part of the tree (a
	// subordinate referral, RFC 4511 section 4.5.3), and below which there are neither
	// senders nor lists; "check" prints them. Other servers are never asked: while
	// there is any other such reference, nothing is known of what is not found.
	IgnoreReferences []string `toml:"ignore_references"`
	// Timeout is the time for one lookup, all its searches and all servers together.
	Timeout conf.Duration `toml:"timeout"`

	// CacheEntries is the most senders remembered; the least recently used goes.
	CacheEntries int `toml:"cache_entries"`
	// TTL is how long an answer is certain. A sender who writes often is asked about
	// again before that, in the background.
	TTL conf.Duration `toml:"ttl"`
	// NegativeTTL is the same for a login that has no entry, or more than one.
	NegativeTTL conf.Duration `toml:"negative_ttl"`
	// StaleFor is how old an answer may be while LDAP is away.
	StaleFor conf.Duration `toml:"stale_for"`

	Schema

	// CountMembers has the members of lists counted. It is no key: whether their
	// number matters, the rules of lists say.
	CountMembers bool `toml:"-"`

	dir string // of the configuration file; see Resolve
}

// DefaultConfig returns the configuration of an empty table: a directory in a
// file.
func DefaultConfig() Config {
	return Config{
		Source:       sourceFile,
		Preset:       "sdet",
		Timeout:      conf.Duration{Duration: 2 * time.Second},
		CacheEntries: 100_000,
		TTL:          conf.Duration{Duration: 5 * time.Minute},
		NegativeTTL:  conf.Duration{Duration: 30 * time.Second},
		StaleFor:     conf.Duration{Duration: 24 * time.Hour},
	}
}

// Resolve makes the files that the configuration names relative to dir, the
// folder of the configuration file, instead of the working directory.
func (c *Config) Resolve(dir string) {
	c.dir = dir
	for _, path := range []*string{&c.File, &c.CAFile, &c.BindPasswordFile} {
		if *path != "" && !filepath.IsAbs(*path) {
			*path = filepath.Join(dir, *path)
		}
	}
}
