package service

import (
	"context"

	"github.com/rcptquota/rcptquota/cmd/rcptquota/control"
)

// serving starts and ends the servers of sockets.

// serve has the servers of next, and ends those of before, which may be nil, that next
// does not have. Whoever is connected to them stays so.
func (s *Service) serve(next, before *sockets) {
	if before == nil {
		before = &sockets{}
	}
	for _, l := range next.milter {
		if before.has(l.Listener) {
			s.server.Reconfigure(l.Listener, l.config)
			continue
		}
		s.group.Go(func() error { return s.server.Serve(l.Listener, l.config) })
		// Log record "listening": at the start, and after a reload that adds it, for each socket: its
		// `address`, `role` and, if it is not the default, `count`
		s.log.Info("listening", listenAttrs(l)...)
	}
	for _, l := range before.milter {
		if !next.has(l.Listener) {
			s.server.Withdraw(l.Listener)
			// Log record "not_listening": after a reload, for each socket that the configuration no longer has
			s.log.Info("not_listening", listenAttrs(l)...)
		}
	}
	s.replace(before.http, next.http, func(ctx context.Context, e *endpoint) error {
		if err := s.metrics.ServeHTTP(ctx, e.Listener, &s.ready); err != nil {
			// Log record "metrics_socket_failed": an error: the metrics cannot be read any more, until a
			// restart; mail goes on
			s.log.Error("metrics_socket_failed", "error", err)
		}
		return nil
	})
	s.replace(before.control, next.control, func(ctx context.Context, e *endpoint) error {
		if err := control.Serve(ctx, e.Listener, s.handlers()); err != nil {
			// Log record "control_socket_failed": an error: commands cannot be answered any more, until a
			// restart; mail goes on
			s.log.Error("control_socket_failed", "error", err) // mail goes on
		}
		return nil
	})
}

func listenAttrs(l socket) []any {
	// Log key "address": of a socket
	attrs := []any{"address", l.config.Address, "role", l.config.MessageRole()}
	if l.config.CountsAtData() {
		// Log key "count": that of the listener, if it is not the default
		attrs = append(attrs, "count", l.config.Count)
	}
	return attrs
}

// replace serves next, and ends the server of before, unless they are one. Either may be
// nil.
func (s *Service) replace(before, next *endpoint, serve func(context.Context, *endpoint) error) {
	if before == next {
		return
	}
	if next != nil {
		ctx, end := context.WithCancel(s.asked)
		next.end = end
		s.group.Go(func() error { return serve(ctx, next) })
	}
	if before != nil {
		before.end()
	}
}
