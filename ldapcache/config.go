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
	// Source is "ldap" or "file".
	Source string `toml:"source"`
	// File is the directory in a file. Empty means directory.toml beside the
	// configuration file, which need not exist; a file named here must.
	File string `toml:"file"`

	// Preset names the defaults of the keys of Schema.
	Preset string `toml:"preset"`
	// Servers are LDAP URLs (RFC 4516) of a scheme and a host only: ldap://,
	// ldaps:// or ldapi://, tried in order.
	Servers []string `toml:"servers"`
	// StartTLS turns TLS on over ldap:// (RFC 4511 section 4.14).
	StartTLS bool `toml:"start_tls"`
	// CAFile holds, in PEM, the authorities that sign the servers' certificates;
	// empty: the system's.
	CAFile string `toml:"ca_file"`
	// BindDN is who binds; empty: the searches are anonymous.
	BindDN string `toml:"bind_dn"`
	// BindPasswordFile holds the password, read at each connection; the end of
	// its last line does not belong to it.
	BindPasswordFile string `toml:"bind_password_file"`
	// Base is the DN below which the whole subtree is searched.
	Base string `toml:"base"`
	// IgnoreReferences are DNs of other servers' entries to which the server refers
	// (RFC 4511 section 4.5.3), and below which there is nobody and no list.
	IgnoreReferences []string `toml:"ignore_references"`
	// Timeout is for one look-up, all its searches and all servers together.
	Timeout conf.Duration `toml:"timeout"`

	// CacheEntries is the most senders remembered; the least recently used goes.
	CacheEntries int `toml:"cache_entries"`
	// TTL is how long a sender that was found is not asked for again.
	TTL conf.Duration `toml:"ttl"`
	// NegativeTTL is the same for a login of which there is no one entry.
	NegativeTTL conf.Duration `toml:"negative_ttl"`
	// StaleFor is the age up to which a sender is served while the directory is
	// unavailable.
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
