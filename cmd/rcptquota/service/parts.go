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
// change; a reload replaces them as a whole.
type Parts struct {
	Config *config.Config
	// Loaded is when the configuration was read.
	Loaded time.Time
	// LoadedBy is the user who asked for the reload that read it, or "SIGHUP"; empty: the start did.
	LoadedBy string
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

	replies *reply.Replies
	alerts  *alert.Settings

	// What may belong to the parts of other configurations, too.
	directory    *shared[ldapcache.Directory]
	roster       *shared[*Roster]
	store        *shared[*counts]
	historyStore *shared[historyStore]
	history      *shared[*History]
	// Of the files that are read when these are opened.
	directoryFiles, storeFiles contents
}

// openParts opens what c describes: all or nothing. What fits of the parts before, which
// may be nil, is kept. The log is written to as long as they are open.
func openParts(ctx context.Context, c *config.Config, stores *stores, log *slog.Logger, before *Parts) (_ *Parts, err error) {
	p := &Parts{
		Config:         c,
		Loaded:         time.Now(),
		directoryFiles: contentsOf(c.Directory.CAFile),
		storeFiles:     contentsOf(c.Store.CAFile, c.Store.DigestKeyFile, c.Store.SentinelPasswordFile),
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, p.close())
		}
	}()
	if p.replies, err = reply.New(c.Replies); err != nil {
		return nil, err
	}
	if err := p.openDirectory(before); err != nil {
		return nil, err
	}
	if err := makeStateDir(c); err != nil {
		return nil, err
	}
	if err := p.openRoster(ctx, log, before); err != nil {
		return nil, err
	}
	if err := p.openStore(stores, log, before); err != nil {
		return nil, err
	}
	if err := p.openHistory(ctx, stores, log, before); err != nil {
		return nil, err
	}
	if p.alerts, err = alert.Open(c.Alerts, relayName(c), c.Store); err != nil {
		return nil, err
	}
	p.Policy = quota.NewPolicy(c.Rules(), p.Roster.around(p.Directory), p.Counter).WithGrants(p.History.Book)
	return p, nil
}

func (p *Parts) openDirectory(before *Parts) error {
	if before.directoryFits(p) {
		p.directory = before.directory.again()
	} else {
		directory, err := ldapcache.Open(p.Config.Directory, p.Config.Rules().MatchAttributes())
		if err != nil {
			return err
		}
		p.directory = share(directory)
	}
	p.Directory = p.directory.value
	return nil
}

func (p *Parts) openRoster(ctx context.Context, log *slog.Logger, before *Parts) error {
	if before.rosterFits(p) {
		p.roster = before.roster.again()
	} else {
		roster, err := OpenRoster(ctx, p.Config, p.Directory, log)
		if err != nil {
			return err
		}
		p.roster = share(roster)
	}
	p.Roster = p.roster.value
	return nil
}

func (p *Parts) openStore(stores *stores, log *slog.Logger, before *Parts) error {
	if before.storeFits(p) {
		p.store = before.store.again()
	} else {
		store, err := openStore(p.Config, &stores.Opener, log)
		if err != nil {
			return err
		}
		p.store = share(store)
	}
	p.Counter = p.store.value.Counter
	return nil
}

func (p *Parts) openHistory(ctx context.Context, stores *stores, log *slog.Logger, before *Parts) error {
	if before.historyStoreFits(p) {
		p.historyStore = before.historyStore.again()
	} else {
		opened, err := stores.openHistory(p.Config)
		if err != nil {
			return err
		}
		p.historyStore = opened
	}
	if before.historyFits(p) {
		p.history = before.history.again()
	} else {
		p.history = share(openHistory(ctx, p.Config, p.historyStore.value, log))
	}
	p.History = p.history.value
	return nil
}

// close lets go of what was opened. No message goes by these parts any more.
func (p *Parts) close() error {
	return errors.Join(p.alerts.Close(), p.history.Close(), p.historyStore.Close(), p.store.Close(), p.roster.Close(), p.directory.Close())
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
