package service

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"
	"golang.org/x/sync/errgroup"

	"github.com/rcptquota/rcptquota/cmd/rcptquota/alert"
	"github.com/rcptquota/rcptquota/cmd/rcptquota/config"
	"github.com/rcptquota/rcptquota/cmd/rcptquota/logging"
	"github.com/rcptquota/rcptquota/cmd/rcptquota/metrics"
	"github.com/rcptquota/rcptquota/milter"
	"github.com/rcptquota/rcptquota/quota"
	"github.com/rcptquota/rcptquota/quota/conf"
)

// DrainTimeout is how long messages under way may take once we are told to
// stop. Those that take longer are deferred by Postfix.
const DrainTimeout = 10 * time.Second

// Service is a running rcptquota: what stays the same while configurations come and go.
type Service struct {
	path    string // of the configuration
	version string
	started time.Time
	logs    *logging.Queue
	log     *slog.Logger
	logging *logging.Log
	metrics *metrics.Metrics
	alerts  *alert.Alerter
	server  *milter.Server
	ready   atomic.Bool
	inForce atomic.Pointer[Parts]

	life  context.Context // ends when we are told to stop
	asked context.Context // of what answers to the end: metrics and the control socket
	group *errgroup.Group // of all servers

	stores     stores
	reloading  chan struct{} // has an element while a reload, or the end, is under way
	sockets    *sockets      // changed by reloads only
	lastReload atomic.Pointer[ReloadStatus]
	retiring   sync.WaitGroup // of parts that messages under way still need
}

// InForce returns the parts by which messages are decided now. A request that asks for
// several things takes them once, since a reload may replace them at any moment.
func (s *Service) InForce() *Parts { return s.inForce.Load() }

// Run serves the configuration at path until ctx ends, and reads it anew for each signal
// of hangups. The version is what it tells of itself.
func Run(ctx context.Context, path, version string, logs *logging.Queue, hangups <-chan os.Signal) error {
	return newService(path, version, logs).run(ctx, hangups)
}

func newService(path, version string, logs *logging.Queue) *Service {
	log := logging.New(logs)
	s := &Service{
		path: path, version: version, started: time.Now(),
		logs: logs, logging: log, log: log.Logger, metrics: metrics.New(),
		reloading: make(chan struct{}, 1),
	}
	s.lastReload.Store(&ReloadStatus{At: s.started})
	return s
}

// rules are what messages are answered by with p.
func (s *Service) rules(p *Parts) milter.Rules {
	return milter.Rules{
		Policy:  metrics.Measured{Next: p.Policy, Metrics: s.metrics},
		Replies: p.replies,
		Needs:   needs(p.Config.Rules()),
	}
}

// needs are what rules need of Postfix.
func needs(r *quota.Rules) milter.Needs {
	return milter.Needs{Lists: r.Lists().Any(), Visible: r.LimitsVisible(), Holds: r.Holds()}
}

// located tells the mistakes in err that are about keys of the configuration with their
// lines.
func (s *Service) located(err error) error {
	if _, ok := errors.AsType[*conf.Mistake](err); ok {
		return conf.Locate(s.path, err)
	}
	return err
}

// announce tells what starts, and warns where refusals are only logged.
func (s *Service) announce(c *config.Config) {
	// Log record "starting": at the start; a warning if `enforce` is false
	// Log key "version": what was built, as `rcptquota version` tells
	s.log.Log(context.Background(), levelOf(c), "starting", append([]any{"version", s.version}, s.describe(c)...)...)
}

// levelOf makes a warning of what is told about a configuration that refuses nothing.
func levelOf(c *config.Config) slog.Level {
	if !c.Enforce {
		return slog.LevelWarn
	}
	return slog.LevelInfo
}

// describe tells what a configuration says, in few words.
func (s *Service) describe(c *config.Config) []any {
	// Log key "config": the configuration file
	// Log key "classes": the classes, as `rcptquota check` tells
	// Log key "enforce": as configured
	// Log key "directory": its `source`
	return []any{
		"config", s.path, "classes", strings.Join(c.Rules().Summary(), " | "), "enforce", c.Enforce, "directory", c.Directory.Source,
	}
}

func (s *Service) run(ctx context.Context, hangups <-chan os.Signal) (err error) {
	c, err := config.Load(s.path)
	if err != nil {
		return err
	}
	log, err := s.logging.Prepare(&c.Log, c.Hostname)
	if err != nil {
		return err
	}
	log.Use()
	s.announce(c)
	parts, err := openParts(ctx, c, &s.stores, s.log, nil)
	if err != nil {
		return s.located(err)
	}
	s.inForce.Store(parts)
	defer func() { err = errors.Join(err, s.InForce().close()) }()
	s.server = milter.NewServer(s.rules(parts), s.log)
	s.watchForAlerts()
	s.server.SetObserver(observe{s})
	s.metrics.Watch(s.server, func() metrics.Watched { return s.InForce().watched() })
	s.metrics.WatchLog(s.logs)
	s.metrics.WatchReloads(s.reloads)
	if s.sockets, err = openSockets(c, s.log, nil); err != nil {
		return err
	}
	return s.serveAll(ctx, hangups)
}

// watchForAlerts prepares alerts about what is in force.
func (s *Service) watchForAlerts() {
	s.alerts = alert.New(s.log, alert.Sources{
		Settings: func() *alert.Settings { return s.InForce().alerts },
		State:    func() alert.State { return s.InForce().troubles() },
		Uses: func(ctx context.Context, counted, class string) ([]alert.Use, error) {
			return s.InForce().uses(ctx, counted, class)
		},
	})
	s.metrics.WatchAlerts(s.alerts.Stats)
}

// serveAll serves all sockets until ctx ends or one fails, then drains. The metrics can be
// read, and the control socket answers, to the end.
func (s *Service) serveAll(ctx context.Context, hangups <-chan os.Signal) error {
	defer s.retiring.Wait()
	asked, endAsking := context.WithCancel(context.WithoutCancel(ctx))
	s.asked = asked
	s.group, s.life = errgroup.WithContext(ctx)
	s.serve(s.sockets, nil)
	s.group.Go(func() error {
		s.alerts.Run(asked)
		return nil
	})
	s.group.Go(func() error {
		s.reloadOnSignals(hangups)
		return nil
	})
	s.group.Go(func() error {
		defer endAsking()
		<-s.life.Done()
		s.reloading <- struct{}{} // one that is under way ends with s.life, and none begins
		s.drain(context.WithoutCancel(ctx))
		return nil
	})
	s.ready.Store(true)
	notify(s.log, daemon.SdNotifyReady)
	err := s.group.Wait()
	// Log record "stopped": at the end
	s.log.Info("stopped")
	return err
}

func (s *Service) drain(ctx context.Context) {
	s.ready.Store(false)
	notify(s.log, daemon.SdNotifyStopping)
	// Log record "stopping": when rcptquota is told to stop
	s.log.Info("stopping")
	ctx, cancel := context.WithTimeout(ctx, DrainTimeout)
	defer cancel()
	if err := s.server.Shutdown(ctx); err != nil {
		// Log record "connections with a message under way were cut off": a warning, at a stop: they did
		// not end in time
		s.log.Warn("connections with a message under way were cut off", "error", err)
	}
}
