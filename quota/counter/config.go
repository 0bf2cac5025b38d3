package counter

import (
	"path/filepath"
	"time"

	"github.com/rcptquota/rcptquota/quota/conf"
	"github.com/rcptquota/rcptquota/quota/counter/endpoint"
)

// The kinds of a store.
const (
	kindEmbedded = "embedded"
	kindRedis    = "redis"
)

// What becomes of a message while Redis is away.
const (
	unavailableLocal = "local"
	unavailablePass  = "pass"
	unavailableDefer = "defer"
)

// Config is the table [store] of the configuration file. All keys but Kind are
// for Redis.
type Config struct {
	// Kind is "embedded" (this relay alone, saved in "state_dir") or "redis" (all
	// relays together). The other keys are for Redis.
	Kind string `toml:"kind"`
	endpoint.Config
	// DigestKeyFile is the file with the key of the digests of recipients and senders,
	// at least 32 bytes, the same on all relays:
	// `head -c 32 /dev/urandom | base64 > digest.key`.
	DigestKeyFile string `toml:"digest_key_file"`
	// Unavailable is "local" (this relay counts alone), "pass" or "defer": what becomes
	// of messages while Redis is away.
	Unavailable string `toml:"unavailable"`
}

// DefaultConfig returns the configuration of an empty table: the embedded store.
func DefaultConfig() Config {
	return Config{
		Kind:        kindEmbedded,
		Config:      endpoint.Config{Timeout: conf.Duration{Duration: 250 * time.Millisecond}},
		Unavailable: unavailableLocal,
	}
}

// Resolve makes the files that the configuration names relative to dir, the
// folder of the configuration file, instead of the working directory.
func (c *Config) Resolve(dir string) {
	c.Config.Resolve(dir)
	if c.DigestKeyFile != "" && !filepath.IsAbs(c.DigestKeyFile) {
		c.DigestKeyFile = filepath.Join(dir, c.DigestKeyFile)
	}
}

// IsRedis reports whether the store is Redis.
func (c *Config) IsRedis() bool { return c.Kind == kindRedis }

// KeepsState reports whether anything is counted in this process, and saved in
// state_dir: always, or while Redis is away.
func (c *Config) KeepsState() bool { return !c.IsRedis() || c.Unavailable == unavailableLocal }
