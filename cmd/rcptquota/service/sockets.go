package service

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"os"

	"github.com/rcptquota/rcptquota/cmd/rcptquota/config"
	"github.com/rcptquota/rcptquota/milter"
)

// sockets are what a service listens on with one configuration. What the next one needs,
// too, is kept.
type sockets struct {
	milter  []socket
	http    *endpoint // nil: no metrics
	control *endpoint // nil: no commands are answered
}

// socket is a listener to which Postfix connects.
type socket struct {
	net.Listener
	config milter.ListenConfig
}

// endpoint is a listener for HTTP.
type endpoint struct {
	net.Listener
	at  string             // its address, as configured
	end context.CancelFunc // ends its server; nil: it has none yet
}

// openSockets opens what c needs and before, which may be nil, does not have: all or
// nothing.
func openSockets(c *config.Config, log *slog.Logger, before *sockets) (s *sockets, err error) {
	s = &sockets{}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.closeAllBut(before))
		}
	}()
	if before == nil {
		before = &sockets{}
	}
	if s.control, err = openControl(c, log, before.control); err != nil {
		return s, err
	}
	if s.http, err = openHTTP(c, before.http); err != nil {
		return s, err
	}
	if err := milter.CheckInherited(c.Listen); err != nil {
		return s, err
	}
	for _, l := range c.Listen {
		listeners := before.at(l.Address)
		if listeners == nil {
			if listeners, err = l.Listen(); err != nil {
				return s, err
			}
		}
		for _, ln := range listeners {
			s.milter = append(s.milter, socket{ln, l})
		}
	}
	return s, nil
}

// at returns the open listeners of an address.
func (s *sockets) at(address string) (all []net.Listener) {
	for _, l := range s.milter {
		if l.config.Address == address {
			all = append(all, l.Listener)
		}
	}
	return all
}

// has reports whether a listener for Postfix is one of s, which may be nil.
func (s *sockets) has(ln net.Listener) bool {
	if s == nil {
		return false
	}
	for _, l := range s.milter {
		if l.Listener == ln {
			return true
		}
	}
	return false
}

// openControl opens the control socket. Where the configuration does not ask for one,
// mail goes on without it.
func openControl(c *config.Config, log *slog.Logger, before *endpoint) (*endpoint, error) {
	path := c.Control.Path(c.StateDir)
	switch {
	case path == "":
		return nil, nil
	case before != nil && before.at == path:
		return before, nil
	}
	var err error
	if c.Control.Socket == "" {
		err = os.MkdirAll(c.StateDir, 0o700)
	}
	if err == nil {
		var ln net.Listener
		if ln, err = c.Control.Listen(c.StateDir); err == nil {
			return &endpoint{Listener: ln, at: path}, nil
		}
	}
	if c.Control.Socket != "" {
		return nil, err
	}
	// Log record "no_control_socket": a warning, at the start: the control socket cannot be opened
	// (`error`), so commands such as `rcptquota status` do not work; mail goes on. If `[control]
	// socket` is configured, rcptquota does not start instead
	log.Warn("no_control_socket", "error", err)
	return nil, nil
}

func openHTTP(c *config.Config, before *endpoint) (*endpoint, error) {
	if before != nil && before.at == c.HTTP.Address {
		return before, nil
	}
	ln, err := c.HTTP.Listen()
	if err != nil || ln == nil {
		return nil, err
	}
	return &endpoint{Listener: ln, at: c.HTTP.Address}, nil
}

// closeAllBut closes the sockets that others, which may be nil, do not have. Nobody
// accepts on them.
func (s *sockets) closeAllBut(others *sockets) error {
	if others == nil {
		others = &sockets{}
	}
	var errs []error
	if s.http != nil && s.http != others.http {
		errs = append(errs, s.http.Close())
	}
	if s.control != nil && s.control != others.control {
		errs = append(errs, s.control.Close())
	}
	for _, l := range s.milter {
		if !others.has(l.Listener) {
			errs = append(errs, l.Close())
		}
	}
	return errors.Join(errs...)
}

// permit gives the sockets that before has, too, their mode and group. After an error
// they are as they were.
func (s *sockets) permit(c *config.Config, before *sockets, c0 *config.Config) error {
	for _, l := range s.milter {
		if before.has(l.Listener) {
			if err := l.config.Permit(); err != nil {
				return errors.Join(err, before.restore(c0))
			}
		}
	}
	if s.control != nil && s.control == before.control {
		if err := c.Control.Permit(c.StateDir); err != nil {
			return errors.Join(err, before.restore(c0))
		}
	}
	return nil
}

// restore gives all sockets the mode and group of c, which they had.
func (s *sockets) restore(c *config.Config) error {
	var errs []error
	for _, l := range s.milter {
		errs = append(errs, l.config.Permit())
	}
	if s.control != nil {
		errs = append(errs, c.Control.Permit(c.StateDir))
	}
	return errors.Join(errs...)
}
