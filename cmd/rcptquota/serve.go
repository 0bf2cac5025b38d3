package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"
	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"github.com/rcptquota/rcptquota/ldapcache"
	"github.com/rcptquota/rcptquota/milter"
	"github.com/rcptquota/rcptquota/quota"
	"github.com/rcptquota/rcptquota/quota/counter"
)

// drainTimeout is how long messages under way may take once we are told to
// stop. Those that take longer are deferred by Postfix.
const drainTimeout = 10 * time.Second

// notifyTimeout is how long we wait for systemd, which may be busy or hung.
const notifyTimeout = time.Second

var errNotifyTimeout = fmt.Errorf("it did not take the message within %v", notifyTimeout)

func serveCommand() *cobra.Command {
	var path string
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Answer Postfix until told to stop (SIGTERM, SIGINT)",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ignoreSignals()
			ctx, stop := signal.NotifyContext(cmd.Context(), syscall.SIGTERM, os.Interrupt)
			defer stop()
			logs := newLogQueue(openStderr())
			defer logs.finish()
			if err := serve(ctx, path, logs); err != nil {
				fmt.Fprintf(logs, "rcptquota: %v\n", err)
				return errLogged
			}
			return nil
		},
	}
	configFlag(cmd, &path)
	return cmd
}

// ignoreSignals ignores signals that would end or suspend the program though nobody
// meant to stop it.
func ignoreSignals() {
	signal.Ignore(
		syscall.SIGHUP,  // it would end us without a drain; the configuration is read at start only
		syscall.SIGPIPE, // the reader of standard error is gone: the write fails instead
		syscall.SIGTTOU, // a write to the terminal from the background, after "stty tostop"
	)
}

// serve runs the milter of the configuration at path until ctx ends.
func serve(ctx context.Context, path string, logs *logQueue) (err error) {
	c, err := loadConfig(path)
	if err != nil {
		return err
	}
	log, err := c.Log.openLog(logs, stderrIsTerminal(), c.Hostname)
	if err != nil {
		return err
	}
	announce(log, c, path)
	directory, err := ldapcache.Open(c.Directory, c.rules.MatchAttributes())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, directory.Close()) }()
	if err := makeStateDir(c); err != nil {
		return err
	}
	premium, err := openRoster(ctx, c, directory, log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, premium.Close()) }()
	windows, err := openCounter(c)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, windows.Close()) }()
	defer watchStore(ctx, log, windows)()
	policy := quota.NewPolicy(c.rules, premium.around(directory), windows)
	replies, err := milter.NewReplies(c.Replies)
	if err != nil {
		return err
	}
	sockets, err := listenAll(c.Listen)
	if err != nil {
		return err
	}
	metrics := newMetrics()
	server := milter.NewServer(measured{policy, metrics}, replies, log, c.rules.Lists().Any())
	metrics.watch(directory, windows, logs)
	metrics.watchEnds(server, c.Listen)
	premium.measure(metrics)
	return (&running{server: server, sockets: sockets, metrics: metrics, log: log}).run(ctx, c.HTTP.Address)
}

// makeStateDir creates state_dir if something is to be kept there. A roster with
// immediate effect works without it, so for that alone a failure is no error.
func makeStateDir(c *config) error {
	roster := c.rules.HasPremium() && !c.Store.IsRedis()
	windows := c.rules.HasWindows() && c.Store.KeepsState()
	if !roster && !windows {
		return nil
	}
	if err := os.MkdirAll(c.StateDir, 0o700); err != nil && (windows || c.Premium.Weekly()) {
		return fmt.Errorf("state_dir: %w; name a folder that we may write to", err)
	}
	return nil
}

// openCounter opens the store, if any class counts over messages.
func openCounter(c *config) (counter.Counter, error) {
	if !c.rules.HasWindows() {
		return noCounter{}, nil
	}
	return counter.Open(c.Store, c.StateDir)
}

// noCounter is never asked.
type noCounter struct{ quota.Counter }

// Close implements [io.Closer].
func (noCounter) Close() error { return nil }

// announce tells what starts, and warns where refusals are only logged.
func announce(log *slog.Logger, c *config, path string) {
	level := slog.LevelInfo
	if !c.Enforce {
		level = slog.LevelWarn
	}
	log.Log(context.Background(), level, "starting", "version", version(), "config", path,
		"classes", strings.Join(c.rules.Summary(), " | "), "enforce", c.Enforce, "directory", c.Directory.Source)
}

// socket is an open listener with its configuration.
type socket struct {
	net.Listener
	config milter.ListenConfig
}

// listenAll opens every socket, or none.
func listenAll(configs []milter.ListenConfig) ([]socket, error) {
	if err := milter.CheckInherited(configs); err != nil {
		return nil, err
	}
	var sockets []socket
	for _, c := range configs {
		listeners, err := c.Listen()
		if err != nil {
			for _, s := range sockets {
				err = errors.Join(err, s.Close())
			}
			return nil, err
		}
		for _, ln := range listeners {
			sockets = append(sockets, socket{ln, c})
		}
	}
	return sockets, nil
}

// running is a milter whose sockets are open.
type running struct {
	server  *milter.Server
	sockets []socket
	metrics *metrics
	ready   atomic.Bool
	log     *slog.Logger
}

// run serves all sockets until ctx ends or one fails, then drains. The metrics
// can be read to the end.
func (d *running) run(ctx context.Context, httpAddress string) error {
	httpCtx, stopHTTP := context.WithCancel(context.WithoutCancel(ctx))
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return d.metrics.serveHTTP(httpCtx, httpAddress, &d.ready) })
	for _, s := range d.sockets {
		group.Go(func() error { return d.server.Serve(s.Listener, s.config) })
		attrs := []any{"address", s.config.Address, "role", s.config.MessageRole()}
		if s.config.CountsAtData() {
			attrs = append(attrs, "count", s.config.Count)
		}
		d.log.Info("listening", attrs...)
	}
	group.Go(func() error {
		defer stopHTTP()
		<-ctx.Done()
		d.drain(context.WithoutCancel(ctx))
		return nil
	})
	d.ready.Store(true)
	notify(d.log, daemon.SdNotifyReady)
	err := group.Wait()
	d.log.Info("stopped")
	return err
}

func (d *running) drain(ctx context.Context) {
	d.ready.Store(false)
	notify(d.log, daemon.SdNotifyStopping)
	d.log.Info("stopping")
	ctx, cancel := context.WithTimeout(ctx, drainTimeout)
	defer cancel()
	if err := d.server.Shutdown(ctx); err != nil {
		d.log.Warn("connections with a message under way were cut off", "error", err)
	}
}

// notify tells systemd, if it runs us (sd_notify(3)). Mail does not wait for a
// systemd that takes longer than notifyTimeout.
func notify(log *slog.Logger, state string) {
	told := make(chan error, 1)
	go func() {
		_, err := daemon.SdNotify(false, state)
		told <- err
	}()
	err := errNotifyTimeout
	select {
	case err = <-told:
	case <-time.After(notifyTimeout):
	}
	if err != nil {
		log.Warn("cannot notify systemd", "error", err)
	}
}
