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
	// Kind is "embedded" (this relay alone, saved in "state_dir") or "redis" (all
	// relays together). The other keys are for Redis.
	Kind string `toml:"kind"`
	// Addresses are Redis's, as "host:port" or, of one server, the path of its unix
	// socket. A single address is that of one server or of a Cluster (a node, or a
	// configuration endpoint); rcptquota finds out which. Several are the nodes of a
	// Cluster or, with "master_name", Sentinels.
	Addresses []string `toml:"addresses"`
	// MasterName is what the Sentinels call the server. Left out: no Sentinels.
	MasterName string `toml:"master_name"`
	// Username is the ACL user. Left out: the default user.
	Username string `toml:"username"`
	// PasswordFile is the file with the ACL user's password, which is read anew for
	// each connection; the end of its last line does not belong to it. Left out: no
	// password.
	PasswordFile string `toml:"password_file"`
	// SentinelUsername is the user for the Sentinels, if they want one; they are asked
	// only where the server is.
	SentinelUsername string `toml:"sentinel_username"`
	// SentinelPasswordFile is the file with that user's password, which is read at the
	// start.
	SentinelPasswordFile string `toml:"sentinel_password_file"`
	// TLS turns TLS on.
	TLS bool `toml:"tls"`
	// CAFile is a file, in PEM, with the authorities that sign the servers'
	// certificates. Left out: the system's.
	CAFile string `toml:"ca_file"`
	// Timeout is the time for one command, connecting included; a message never waits
	// longer for Redis.
	Timeout conf.Duration `toml:"timeout"`
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
