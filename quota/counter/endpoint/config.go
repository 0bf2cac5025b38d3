package endpoint

import (
	"path/filepath"

	"github.com/rcptquota/rcptquota/quota/conf"
)

// Config are the keys of the table [store] that say where Redis is, and how it is
// asked.
type Config struct {
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
	// Timeout is the time for one command, connecting included. A message waits at most
	// three times as long for Redis: for the command, for a sign that Redis is there, and
	// for the command again.
	Timeout conf.Duration `toml:"timeout"`
}

// Resolve makes the files that the configuration names relative to dir, the
// folder of the configuration file, instead of the working directory.
func (c *Config) Resolve(dir string) {
	for _, path := range []*string{&c.PasswordFile, &c.SentinelPasswordFile, &c.CAFile} {
		if *path != "" && !filepath.IsAbs(*path) {
			*path = filepath.Join(dir, *path)
		}
	}
}
