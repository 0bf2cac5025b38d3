package service

import (
	"errors"
	"log/slog"
	"net"
	"os"

	"github.com/rcptquota/rcptquota/cmd/rcptquota/config"
	"github.com/rcptquota/rcptquota/milter"
)

// sockets are what a service listens on.
type sockets struct {
	milter  []socket
	http    net.Listener // nil: no metrics
	control net.Listener // nil: no commands are answered
}

// socket is an open listener with its configuration.
type socket struct {
	net.Listener
	config milter.ListenConfig
}

// openSockets opens every socket, or none.
func openSockets(c *config.Config, log *slog.Logger) (s *sockets, err error) {
	s = &sockets{}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.close())
		}
	}()
	if s.control, err = openControl(c, log); err != nil {
		return s, err
	}
	if s.http, err = c.HTTP.Listen(); err != nil {
		return s, err
	}
	if err := milter.CheckInherited(c.Listen); err != nil {
		return s, err
	}
	for _, l := range c.Listen {
		listeners, err := l.Listen()
		if err != nil {
			return s, err
		}
		for _, ln := range listeners {
			s.milter = append(s.milter, socket{ln, l})
		}
	}
	return s, nil
}

// openControl opens the control socket. Where the configuration does not ask for one,
// mail goes on without it.
func openControl(c *config.Config, log *slog.Logger) (net.Listener, error) {
	if c.Control.Path(c.StateDir) == "" {
		return nil, nil
	}
	if c.Control.Socket != "" {
		return c.Control.Listen(c.StateDir)
	}
	err := os.MkdirAll(c.StateDir, 0o700)
	if err == nil {
		var ln net.Listener
		if ln, err = c.Control.Listen(c.StateDir); err == nil {
			return ln, nil
		}
	}
	// Log record "no_control_socket": a warning, at the start: the control socket cannot be opened
	// (`error`), so commands such as `rcptquota status` do not work; mail goes on. If `[control]
	// socket` is configured, rcptquota does not start instead
	log.Warn("no_control_socket", "error", err)
	return nil, nil
}

// close closes what was opened.
func (s *sockets) close() error {
	var errs []error
	for _, ln := range []net.Listener{s.http, s.control} {
		if ln != nil {
			errs = append(errs, ln.Close())
		}
	}
	for _, l := range s.milter {
		errs = append(errs, l.Close())
	}
	return errors.Join(errs...)
}
