package ldapcache

import (
	"io"
	"path/filepath"

	"github.com/rcptquota/rcptquota/ldapcache/file"
	"github.com/rcptquota/rcptquota/ldapcache/ldap"
	"github.com/rcptquota/rcptquota/ldapcache/roster"
	"github.com/rcptquota/rcptquota/quota"
)

// Directory is an open directory. Its senders are designated, but not premium: a
// [roster.Directory] around it says who is. Close ends its searches and its
// connections; it is not used after that.
type Directory interface { //nolint:interfacebloat // small ones, each with its own consumer
	quota.Directory
	roster.Source
	Memory
	io.Closer
}

// Open makes the directory that config describes. The attributes, in lower case, are
// those that classes match on. It asks no server: look-ups fail while all servers are
// down. The error is a mistake in the configuration or in a file that it names.
func Open(config Config, attributes []string) (Directory, error) {
	if err := config.Validate(); err != nil {
		return nil, err
	}
	if config.Source == sourceFile {
		if config.File == "" {
			return file.OpenIfExists(filepath.Join(config.dir, defaultFile), config.StaleFor.Duration)
		}
		return file.Open(config.File, config.StaleFor.Duration)
	}
	return openLDAP(config, attributes)
}

func openLDAP(config Config, attributes []string) (*Cached, error) {
	source, err := ldap.Open(config.Config, attributes)
	if err != nil {
		return nil, err
	}
	return newCached(config, source)
}
