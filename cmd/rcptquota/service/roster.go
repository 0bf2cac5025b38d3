package service

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"time"

	"github.com/rcptquota/rcptquota/cmd/rcptquota/config"
	"github.com/rcptquota/rcptquota/ldapcache"
	"github.com/rcptquota/rcptquota/ldapcache/roster"
	"github.com/rcptquota/rcptquota/quota"
)

// rosterStartTimeout is how long the start waits for the roster; after that,
// messages that it decides about are deferred until it is there.
const rosterStartTimeout = 5 * time.Second

// Roster is the roster of premium senders, which is kept while the milter runs.
type Roster struct {
	Keeper *roster.Keeper
	store  io.Closer
}

// OpenRoster begins to keep the roster of premium senders; nil where they have no
// class of their own, so that it does not matter who they are.
func OpenRoster(ctx context.Context, c *config.Config, directory ldapcache.Directory, log *slog.Logger) (*Roster, error) {
	if !c.Rules().HasPremium() {
		return nil, nil
	}
	if c.Premium.Weekly() { // a roster with immediate effect works without state_dir
		if err := c.PrepareRosterStore(); err != nil {
			return nil, err
		}
	}
	store, err := c.OpenRosterStore()
	if err != nil {
		return nil, err
	}
	r := &Roster{store: store}
	if c.Premium.Weekly() {
		if r.Keeper, err = roster.NewWeekly(c.Premium.Config, directory, store, log); err != nil {
			return nil, errors.Join(err, store.Close())
		}
	} else {
		r.Keeper = roster.NewImmediate(c.Premium.Config, directory, store, c.CopyEvery(), c.Directory.StaleFor.Duration, log)
	}
	ctx, cancel := context.WithTimeout(ctx, rosterStartTimeout)
	defer cancel()
	r.Keeper.Start(ctx)
	return r, nil
}

// around returns the directory with the premium senders that r, unless it is nil,
// knows.
func (r *Roster) around(directory quota.Directory) quota.Directory {
	if r == nil {
		return directory
	}
	return roster.Directory{Directory: directory, Roster: r.Keeper}
}

// keeper is who keeps it; nil where r is nil.
func (r *Roster) keeper() *roster.Keeper {
	if r == nil {
		return nil
	}
	return r.Keeper
}

// Close implements [io.Closer].
func (r *Roster) Close() error {
	if r == nil {
		return nil
	}
	return errors.Join(r.Keeper.Close(), r.store.Close())
}
