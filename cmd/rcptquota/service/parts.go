package service

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/rcptquota/rcptquota/cmd/rcptquota/alert"
	"github.com/rcptquota/rcptquota/cmd/rcptquota/config"
	"github.com/rcptquota/rcptquota/cmd/rcptquota/metrics"
	"github.com/rcptquota/rcptquota/ldapcache"
	"github.com/rcptquota/rcptquota/milter/reply"
	"github.com/rcptquota/rcptquota/quota"
	"github.com/rcptquota/rcptquota/quota/counter"
)

// Parts are what a configuration describes, opened. They belong together, and do not
// change.
type Parts struct {
	Config *config.Config
	// Loaded is when the configuration was read.
	Loaded time.Time
	// Directory is asked about senders and lists; who is premium is not known to it, but
	// to Policy.
	Directory ldapcache.Directory
	// Counter has the windows' counts. Where no class has windows, it cannot be asked.
	Counter counter.Counter
	// Roster says who is premium; nil where none is kept.
	Roster *Roster
	// History keeps decision records and grants.
	History *History
	// Policy decides about messages.
	Policy *quota.Policy

	replies     *reply.Replies
	alerts      *alert.Settings
	stopWatches func()
}

// openParts opens what c describes: all or nothing.
func openParts(ctx context.Context, c *config.Config, log *slog.Logger) (p *Parts, err error) {
	p = &Parts{Config: c, Loaded: time.Now(), stopWatches: func() {}}
	defer func() {
		if err != nil {
			err = errors.Join(err, p.close())
		}
	}()
	if p.Directory, err = ldapcache.Open(c.Directory, c.Rules().MatchAttributes()); err != nil {
		return p, err
	}
	if err := makeStateDir(c); err != nil {
		return p, err
	}
	if p.Roster, err = OpenRoster(ctx, c, p.Directory, log); err != nil {
		return p, err
	}
	if p.Counter, err = openCounter(c); err != nil {
		return p, err
	}
	if p.History, err = openHistory(ctx, c, log); err != nil {
		return p, err
	}
	p.stopWatches = watchStore(ctx, log, p.Counter)
	if p.alerts, err = alert.Open(c.Alerts, relayName(c), c.Store); err != nil {
		return p, err
	}
	p.Policy = quota.NewPolicy(c.Rules(), p.Roster.around(p.Directory), p.Counter).WithGrants(p.History.Book)
	p.replies, err = reply.New(c.Replies)
	return p, err
}

// close closes what was opened.
func (p *Parts) close() error {
	p.stopWatches()
	errs := []error{p.alerts.Close(), p.History.Close()}
	if p.Counter != nil {
		errs = append(errs, p.Counter.Close())
	}
	errs = append(errs, p.Roster.Close())
	if p.Directory != nil {
		errs = append(errs, p.Directory.Close())
	}
	return errors.Join(errs...)
}

// watched is what the metrics tell about.
func (p *Parts) watched() metrics.Watched {
	w := metrics.Watched{Directory: p.Directory, Store: p.Counter, Roster: p.Roster.keeper(), Recorder: p.History.Recorder}
	for _, l := range p.Config.Listen {
		w.Listeners = append(w.Listeners, l.Address)
	}
	return w
}

// makeStateDir creates state_dir if something is to be kept there. A roster with
// immediate effect works without it, so for that alone a failure is no error.
func makeStateDir(c *config.Config) error {
	roster := c.Rules().HasPremium() && !c.Store.IsRedis()
	windows := c.Rules().HasWindows() && c.Store.KeepsState()
	if !roster && !windows {
		return nil
	}
	if err := os.MkdirAll(c.StateDir, 0o700); err != nil && (windows || c.Premium.Weekly()) {
		return fmt.Errorf("state_dir: %w; name a folder that we may write to", err)
	}
	return nil
}

// openCounter opens the store, if any class counts over messages.
func openCounter(c *config.Config) (counter.Counter, error) {
	if !c.Rules().HasWindows() {
		return counter.None{}, nil
	}
	return counter.Open(c.Store, c.StateDir)
}
