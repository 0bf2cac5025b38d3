package service

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync/atomic"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"
	"golang.org/x/sync/errgroup"

	"github.com/rcptquota/rcptquota/cmd/rcptquota/alert"
	"github.com/rcptquota/rcptquota/cmd/rcptquota/config"
	"github.com/rcptquota/rcptquota/cmd/rcptquota/control"
	"github.com/rcptquota/rcptquota/cmd/rcptquota/logging"
	"github.com/rcptquota/rcptquota/cmd/rcptquota/metrics"
	"github.com/rcptquota/rcptquota/milter"
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
	metrics *metrics.Metrics
	alerts  *alert.Alerter
	server  *milter.Server
	sockets *sockets
	ready   atomic.Bool
	inForce atomic.Pointer[Parts]
}

// InForce returns the parts by which messages are decided now. A request that asks for
// several things takes them once, since a reload may replace them at any moment.
func (s *Service) InForce() *Parts { return s.inForce.Load() }

// Run serves the configuration at path until ctx ends. The version is what it tells of
// itself.
func Run(ctx context.Context, path, version string, logs *logging.Queue) (err error) {
	c, err := config.Load(path)
	if err != nil {
		return err
	}
	log, err := c.Log.Open(logs, logging.StderrIsTerminal(), c.Hostname)
	if err != nil {
		return err
	}
	s := &Service{path: path, version: version, started: time.Now(), logs: logs, log: log, metrics: metrics.New()}
	s.announce(c)
	parts, err := openParts(ctx, c, log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.InForce().close()) }()
	s.inForce.Store(parts)
	s.server = milter.NewServer(metrics.Measured{Next: parts.Policy, Metrics: s.metrics}, parts.replies, log, c.Rules().Lists().Any())
	s.alerts = alert.New(log, alert.Sources{
		Settings: func() *alert.Settings { return s.InForce().alerts },
		State:    func() alert.State { return s.InForce().troubles() },
		Uses: func(ctx context.Context, counted, class string) ([]alert.Use, error) {
			return s.InForce().uses(ctx, counted, class)
		},
	})
	s.metrics.WatchAlerts(s.alerts.Stats)
	s.server.SetObserver(observe{s})
	s.metrics.Watch(s.server, func() metrics.Watched { return s.InForce().watched() })
	s.metrics.WatchLog(logs)
	if s.sockets, err = openSockets(c, log); err != nil {
		return err
	}
	return s.run(ctx)
}

// announce tells what starts, and warns where refusals are only logged.
func (s *Service) announce(c *config.Config) {
	level := slog.LevelInfo
	if !c.Enforce {
		level = slog.LevelWarn
	}
	// Log record "starting": at the start; a warning if `enforce` is false
	// Log key "version": what was built, as `rcptquota version` tells
	// Log key "config": the configuration file
	s.log.Log(context.Background(), level, "starting", "version", s.version, "config", s.path,
		// Log key "classes": the classes, as `rcptquota check` tells
		// Log key "enforce": as configured
		// Log key "directory": its `source`
		"classes", strings.Join(c.Rules().Summary(), " | "), "enforce", c.Enforce, "directory", c.Directory.Source)
}

// run serves all sockets until ctx ends or one fails, then drains. The metrics can be
// read, and the control socket answers, to the end.
func (s *Service) run(ctx context.Context) error {
	asking, endAsking := context.WithCancel(context.WithoutCancel(ctx))
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return s.metrics.ServeHTTP(asking, s.sockets.http, &s.ready) })
	if ln := s.sockets.control; ln != nil {
		group.Go(func() error { return control.Serve(asking, ln, s.handlers()) })
	}
	group.Go(func() error {
		s.alerts.Run(asking)
		return nil
	})
	for _, l := range s.sockets.milter {
		group.Go(func() error { return s.server.Serve(l.Listener, l.config) })
		// Log key "address": of a socket
		attrs := []any{"address", l.config.Address, "role", l.config.MessageRole()}
		if l.config.CountsAtData() {
			// Log key "count": that of the listener, if it is not the default
			attrs = append(attrs, "count", l.config.Count)
		}
		// Log record "listening": at the start, for each socket: its `address`, `role` and, if it is not
		// the default, `count`
		s.log.Info("listening", attrs...)
	}
	group.Go(func() error {
		defer endAsking()
		<-ctx.Done()
		s.drain(context.WithoutCancel(ctx))
		return nil
	})
	s.ready.Store(true)
	notify(s.log, daemon.SdNotifyReady)
	err := group.Wait()
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
