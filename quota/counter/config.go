package counter

import (
	"path/filepath"
	"time"

	"github.com/rcptquota/rcptquota/quota/conf"
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
	// Kind is "embedded" (in this process, saved in state_dir) or "redis".
	Kind string `toml:"kind"`
	// Addresses are "host:port" or, of one server, the path of its unix socket.
	// Several are the nodes of a Cluster or, with MasterName, Sentinels.
	Addresses []string `toml:"addresses"`
	// MasterName is what the Sentinels call the server; empty: there are none.
	MasterName string `toml:"master_name"`
	// Username is that of an ACL user; empty: the default user.
	Username string `toml:"username"`
	// PasswordFile holds the password; the end of its last line does not belong
	// to it. Empty: there is none.
	PasswordFile string `toml:"password_file"`
	// SentinelUsername and SentinelPasswordFile are the same for the Sentinels,
	// which are asked for no more than where the server is.
	SentinelUsername     string `toml:"sentinel_username"`
	SentinelPasswordFile string `toml:"sentinel_password_file"`
	// TLS turns TLS on.
	TLS bool `toml:"tls"`
	// CAFile holds, in PEM, the authorities that sign the servers' certificates;
	// empty: the system's.
	CAFile string `toml:"ca_file"`
	// Timeout is for one command, connecting included.
	Timeout conf.Duration `toml:"timeout"`
	// DigestKeyFile holds the key, at least 32 bytes, that recipients and senders
	// are digested with. It is the same on all relays.
	DigestKeyFile string `toml:"digest_key_file"`
	// Unavailable is what becomes of messages while Redis is away: "local" (this
	// relay counts alone), "pass" or "defer".
	Unavailable string `toml:"unavailable"`
}

// DefaultConfig returns the configuration of an empty table: the embedded store.
func DefaultConfig() Config {
	return Config{
		Kind:        kindEmbedded,
		Timeout:     conf.Duration{Duration: 250 * time.Millisecond},
		Unavailable: unavailableLocal,
	}
}

// Resolve makes the files that the configuration names relative to dir, the
// folder of the configuration file, instead of the working directory.
func (c *Config) Resolve(dir string) {
	for _, path := range []*string{&c.PasswordFile, &c.SentinelPasswordFile, &c.CAFile, &c.DigestKeyFile} {
		if *path != "" && !filepath.IsAbs(*path) {
			*path = filepath.Join(dir, *path)
		}
	}
}
