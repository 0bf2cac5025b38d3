package ldap

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/rcptquota/rcptquota/quota"
	"github.com/rcptquota/rcptquota/test/servers"
)

// openFake opens a directory at a fake server.
func openFake(t *testing.T, f *servers.FakeLDAP) *Directory {
	t.Helper()
	config := DefaultConfig()
	config.Servers, config.Base, config.UserFilter = []string{f.URL()}, "dc=test", "(uid=%u)"
	config.Timeout.Duration = 5 * time.Second
	return open(t, config)
}

func open(t *testing.T, config Config, attributes ...string) *Directory {
	t.Helper()
	d, err := Open(config, attributes)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.Close)
	return d
}

// failed reports that the directory was unavailable.
func failed(err error) bool {
	return err != nil && !errors.Is(err, quota.ErrAbsent) && !errors.Is(err, quota.ErrAmbiguous)
}

// asks reports whether a filter looks for a login that begins so.
func asks(filter, login string) bool { return strings.HasPrefix(filter, "(uid="+login) }
