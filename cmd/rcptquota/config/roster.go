package config

import (
	"fmt"
	"io"
	"time"

	"github.com/rcptquota/rcptquota/ldapcache/roster"
	"github.com/rcptquota/rcptquota/ldapcache/roster/store"
)

// fileEvery is how often a directory in a file is looked at for designations with
// immediate effect.
const fileEvery = time.Second

// CopyEvery is how often a directory is copied for designations with immediate
// effect.
func (c *Config) CopyEvery() time.Duration {
	if c.Directory.Source == "file" {
		return fileEvery
	}
	return c.Directory.TTL.Duration
}

// PrepareRosterStore finds out at the start whether there is a place for the
// roster.
func (c *Config) PrepareRosterStore() error {
	if c.Store.IsRedis() {
		return nil
	}
	if err := store.NewFile(c.StateDir).Prepare(); err != nil {
		return fmt.Errorf("state_dir: the roster of premium senders cannot be kept: %w", err)
	}
	return nil
}

// RosterStore is where the relays share the roster.
type RosterStore struct {
	roster.Store
	io.Closer
}

// OpenRosterStore opens the store that [store] and state_dir configure. A Redis
// that does not answer is no error.
func (c *Config) OpenRosterStore() (*RosterStore, error) {
	if !c.Store.IsRedis() {
		return &RosterStore{store.NewFile(c.StateDir), io.NopCloser(nil)}, nil
	}
	client, err := c.Store.Client()
	if err != nil {
		return nil, err
	}
	return &RosterStore{store.NewRedis(client), client}, nil
}
