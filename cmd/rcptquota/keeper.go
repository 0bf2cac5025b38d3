package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/rcptquota/rcptquota/ldapcache"
	"github.com/rcptquota/rcptquota/ldapcache/roster"
	"github.com/rcptquota/rcptquota/ldapcache/roster/store"
	"github.com/rcptquota/rcptquota/quota"
)

const (
	// rosterStartTimeout is how long the start waits for the roster; after that,
	// messages that depend on it are deferred until it is there.
	rosterStartTimeout = 5 * time.Second
	// fileEvery is how often a directory in a file is looked at for designations
	// with immediate effect.
	fileEvery = time.Second
)

// premiumSenders keeps the roster while the milter runs.
type premiumSenders struct {
	keeper *roster.Keeper
	store  io.Closer
}

// openRoster begins to keep the roster of premium senders. It returns nil if premium
// senders have no class of their own, because then it does not matter who they are.
func openRoster(ctx context.Context, c *config, directory ldapcache.Directory, log *slog.Logger) (*premiumSenders, error) {
	if !c.rules.HasPremium() {
		return nil, nil
	}
	if c.Premium.Weekly() { // a roster with immediate effect works without state_dir
		if err := prepareRosterStore(c); err != nil {
			return nil, err
		}
	}
	store, err := openRosterStore(c)
	if err != nil {
		return nil, err
	}
	p := &premiumSenders{store: store}
	if c.Premium.Weekly() {
		if p.keeper, err = roster.NewWeekly(c.Premium.Config, directory, store, log); err != nil {
			return nil, errors.Join(err, store.Close())
		}
	} else {
		p.keeper = roster.NewImmediate(c.Premium.Config, directory, store, copyEvery(c), c.Directory.StaleFor.Duration, log)
	}
	ctx, cancel := context.WithTimeout(ctx, rosterStartTimeout)
	defer cancel()
	p.keeper.Start(ctx)
	return p, nil
}

// copyEvery is how often a directory is copied for designations with immediate
// effect.
func copyEvery(c *config) time.Duration {
	if c.Directory.Source == "file" {
		return fileEvery
	}
	return c.Directory.TTL.Duration
}

// around returns the directory with p's premium senders; p may be nil.
func (p *premiumSenders) around(directory quota.Directory) quota.Directory {
	if p == nil {
		return directory
	}
	return roster.Directory{Directory: directory, Roster: p.keeper}
}

// Close implements [io.Closer].
func (p *premiumSenders) Close() error {
	if p == nil {
		return nil
	}
	return errors.Join(p.keeper.Close(), p.store.Close())
}

// prepareRosterStore finds out at the start whether there is a place for the
// roster.
func prepareRosterStore(c *config) error {
	if c.Store.IsRedis() {
		return nil
	}
	if err := store.NewFile(c.StateDir).Prepare(); err != nil {
		return fmt.Errorf("state_dir: the roster of premium senders cannot be kept: %w", err)
	}
	return nil
}

// rosterStore is where the relays share the roster.
type rosterStore struct {
	roster.Store
	io.Closer
}

// openRosterStore opens the store that [store] and state_dir configure. A Redis
// that does not answer is no error.
func openRosterStore(c *config) (*rosterStore, error) {
	if !c.Store.IsRedis() {
		return &rosterStore{store.NewFile(c.StateDir), io.NopCloser(nil)}, nil
	}
	client, err := c.Store.Client()
	if err != nil {
		return nil, err
	}
	return &rosterStore{store.NewRedis(client), client}, nil
}

// measure adds the metrics of the roster, if one is kept.
func (p *premiumSenders) measure(m *metrics) {
	if p == nil {
		return
	}
	gauge := func(name, help string, value func(*roster.Copy) float64) {
		m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, func() float64 {
			if c := p.keeper.InEffect(); c != nil {
				return value(c)
			}
			return math.NaN()
		}))
	}
	gauge("rcptquota_premium_senders", "Premium senders now; NaN if that is not known.",
		func(c *roster.Copy) float64 { return float64(len(c.Elected)) })
	gauge("rcptquota_roster_copied_timestamp_seconds", "When the roster in effect was copied from the directory.",
		func(c *roster.Copy) float64 { return float64(c.Taken.Unix()) })
	for _, doubt := range roster.Doubts {
		m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "rcptquota_roster_doubt",
			Help: "1 while the roster is in doubt, or will be at the next moment of effect: unavailable, LDAP or the store is away; clock, a clock is wrong; " +
				"nearly_empty, nearly everybody is missing from the directory. Otherwise 0.",
			ConstLabels: prometheus.Labels{"reason": doubt.String()},
		}, func() float64 { return oneIf(p.keeper.Doubt() == doubt) }))
	}
}
