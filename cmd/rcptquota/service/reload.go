package service

import (
	"context"
	"errors"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/rcptquota/rcptquota/cmd/rcptquota/config"
	"github.com/rcptquota/rcptquota/cmd/rcptquota/control"
	"github.com/rcptquota/rcptquota/cmd/rcptquota/logging"
)

// ReloadStatus is how the last reload ended.
type ReloadStatus struct {
	At time.Time `json:"at"` // of the start, where there was no reload yet
	// By is the user who asked for it, or "SIGHUP"; empty where there was none.
	By string `json:"by,omitempty"`
	// Error is why the configuration before went on; empty: the new one is in force.
	Error string `json:"error,omitempty"`
}

// Reloaded is what a reload changed.
type Reloaded struct {
	Config string `json:"config"`
	// Anew are the parts that were opened anew: "directory", "roster", "store", "history". The others
	// were kept, with their connections, caches and counts.
	Anew []string `json:"anew,omitempty"`
	// ElapsedMS is how long it took, in milliseconds.
	ElapsedMS int64 `json:"elapsed_ms"`
}

// reloadOnSignals reloads at each signal, until the service is told to stop.
func (s *Service) reloadOnSignals(hangups <-chan os.Signal) {
	for {
		select {
		case <-s.life.Done():
			return
		case <-hangups:
			_, _ = s.reloadFor("SIGHUP") // it is logged
		}
	}
}

// reloadAsked answers POST /reload.
func (s *Service) reloadAsked(r *http.Request) (*Reloaded, error) {
	done, err := s.reloadFor(control.PeerOf(r.Context()).User())
	if err != nil {
		return nil, control.Errorf(http.StatusUnprocessableEntity, "%v", err)
	}
	return done, nil
}

// reloadFor reads the configuration anew, on behalf of somebody, and puts it in force or,
// if anything is wrong with it, nothing of it. One reload at a time: others wait.
func (s *Service) reloadFor(by string) (*Reloaded, error) {
	select {
	case <-s.life.Done():
		return nil, s.life.Err()
	case s.reloading <- struct{}{}:
		defer func() { <-s.reloading }()
	}
	notifyReloading(s.log)
	start := time.Now()
	done, err := s.reload(s.life, by)
	status := &ReloadStatus{At: start, By: by}
	if err != nil {
		status.Error = err.Error()
		// Log record "reload_failed": an error: something is wrong with the configuration as it is now
		// (`error` has file, line and key), and the previous one stays in force
		s.log.Error("reload_failed", "by", by, "error", err)
		notifyReloaded(s.log, "the last reload failed, and the previous configuration stays in force: "+strings.ReplaceAll(err.Error(), "\n", "; "))
	} else {
		done.ElapsedMS = time.Since(start).Milliseconds()
		c := s.InForce().Config
		// Log record "reloaded": a configuration that was read anew is in force; a warning if `enforce` is false
		// Log key "anew": what a reload opened anew, out of `directory`, `roster`, `store` and `history`;
		// the others were kept
		attrs := append([]any{"by", by, "anew", strings.Join(done.Anew, ","), "elapsed_ms", done.ElapsedMS}, s.describe(c)...)
		s.log.Log(context.Background(), levelOf(c), "reloaded", attrs...)
		notifyReloaded(s.log, "reloaded at "+start.Format(time.DateTime))
	}
	s.lastReload.Store(status)
	if err != nil {
		s.alerts.ReloadFailed(err)
	}
	return done, err
}

// reload opens what the configuration, as it is now, needs and is not open, and then
// replaces what is in force in one step.
func (s *Service) reload(ctx context.Context, by string) (*Reloaded, error) {
	c, err := config.Load(s.path)
	if err != nil {
		return nil, err
	}
	next, err := s.prepare(ctx, c)
	if err == nil {
		err = ctx.Err() // told to stop meanwhile
	}
	if err != nil {
		return nil, errors.Join(s.located(err), next.discard(s.sockets))
	}
	next.parts.LoadedBy = by
	anew := next.parts.anew(s.InForce())
	s.use(next)
	return &Reloaded{Config: s.path, Anew: anew}, nil
}

// prepared is what another configuration describes: open, and not in force yet.
type prepared struct {
	parts   *Parts
	sockets *sockets
	log     *logging.Prepared
}

// prepare opens what c describes. What fits of what is in force is kept. After an error,
// what was opened is returned, too, to be discarded.
func (s *Service) prepare(ctx context.Context, c *config.Config) (p prepared, err error) {
	if p.parts, err = openParts(ctx, c, &s.stores, s.log, s.InForce()); err != nil {
		return p, err
	}
	if p.sockets, err = openSockets(c, s.log, s.sockets); err != nil {
		p.sockets = nil // the same
		return p, err
	}
	if p.log, err = s.logging.Prepare(&c.Log, c.Hostname); err != nil {
		return p, err
	}
	return p, p.sockets.permit(c, s.sockets, s.InForce().Config)
}

// discard closes what was opened, but for the sockets that are in use.
func (p *prepared) discard(inUse *sockets) error {
	var errs []error
	if p.log != nil {
		p.log.Discard()
	}
	if p.sockets != nil {
		errs = append(errs, p.sockets.closeAllBut(inUse))
	}
	if p.parts != nil {
		errs = append(errs, p.parts.close())
	}
	return errors.Join(errs...)
}

// use puts p in force. Messages that begin from now on go by it; what is replaced is
// closed once the last message that needs it has ended.
func (s *Service) use(p prepared) {
	before := s.InForce()
	p.log.Use()
	if config := p.parts.Config.History; config.KeepsRecords() { // else it leaves what is stored
		p.parts.historyStore.value.Retain(config)
	}
	s.inForce.Store(p.parts)
	over := s.server.Use(s.rules(p.parts))
	s.serve(p.sockets, s.sockets)
	s.sockets = p.sockets
	s.retiring.Go(func() {
		<-over
		if err := before.close(); err != nil {
			// Log record "cannot close what a configuration used": a warning, after a reload: `error`
			s.log.Warn("cannot close what a configuration used", "error", err)
		}
	})
}

// anew names the parts that were not kept from before.
func (p *Parts) anew(before *Parts) (names []string) {
	if p.directory != before.directory {
		names = append(names, "directory")
	}
	if p.roster != before.roster {
		names = append(names, "roster")
	}
	if p.store != before.store {
		names = append(names, "store")
	}
	if p.history != before.history {
		names = append(names, "history")
	}
	return names
}

// reloads tells the metrics how the last reload ended, and when one last went well; the
// start counts as one.
func (s *Service) reloads() (ok bool, loaded time.Time) {
	return s.lastReload.Load().Error == "", s.InForce().Loaded
}
