package ldapcache

import (
	"errors"
	"os"
	"path/filepath"
	"time"

	"github.com/rcptquota/rcptquota/ldapcache/ldap"
	"github.com/rcptquota/rcptquota/quota/conf"
)

// defaultFile is the name of the directory in a file, beside the configuration
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

	// CacheEntries is the most senders remembered; the least recently used goes.
	CacheEntries int `toml:"cache_entries"`
	// TTL is how long an answer is fresh. A sender who writes often is asked about
	// again before that, in the background.
	TTL conf.Duration `toml:"ttl"`
	// NegativeTTL is the same for a login that has no entry, or more than one.
	NegativeTTL conf.Duration `toml:"negative_ttl"`
	// StaleFor is how old an answer about a sender may be while the directory is away, be
	// it LDAP, or a file that has a mistake.
	StaleFor conf.Duration `toml:"stale_for"`

	ldap.Config

	dir string // of the configuration file; see Resolve
}

// DefaultConfig returns the configuration of an empty table: a directory in a
// file.
func DefaultConfig() Config {
	return Config{
		Source:       sourceFile,
		Config:       ldap.DefaultConfig(),
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
	c.Config.Resolve(dir)
	if c.File != "" && !filepath.IsAbs(c.File) {
		c.File = filepath.Join(dir, c.File)
	}
}

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
		errs = append(errs, c.Config.Validate())
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

// readable makes sure that we may read the file at path, if one is named.
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
