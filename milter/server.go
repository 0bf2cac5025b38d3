package milter

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"time"

	gomilter "github.com/emersion/go-milter"
)

const (
	// maxConnections is how many connections are served at once; more of them wait in
	// the listen queue. Postfix opens one for each smtpd process.
	maxConnections = 10_000
	// maxAcceptPause is the longest pause after an accept that failed for lack of file
	// descriptors or memory.
	maxAcceptPause = time.Second
)

// Server answers milter connections. Make it with [NewServer].
type Server struct {
	rules *ruleBook
	log   *slog.Logger

	observer Observer // nil: none

	ctx      context.Context // of all decisions; cancelled when connections are cut off
	cancel   context.CancelFunc
	places   chan struct{} // one for each connection
	draining atomic.Bool
	stopped  chan struct{} // closed when draining begins

	mu        sync.Mutex
	listeners map[net.Listener]*listening
	ends      map[string]*ends // by the listener's address
	wires     map[*wire]struct{}
	active    sync.WaitGroup // counts wires; incremented under mu, and never while draining
}

// NewServer returns a server that goes by rules, and writes one record a message to log. It
// asks the MTA for what they need.
func NewServer(rules Rules, log *slog.Logger) *Server {
	ctx, cancel := context.WithCancel(context.Background())
	return &Server{
		rules:   newRuleBook(rules),
		log:     log,
		ctx:     ctx,
		cancel:  cancel,
		places:  make(chan struct{}, maxConnections),
		stopped: make(chan struct{}),
		ends:    map[string]*ends{},

		listeners: map[net.Listener]*listening{},
		wires:     map[*wire]struct{}{},
	}
}

// Use has messages that begin from now on go by rules. Those under way go on by the rules
// by which they began; the channel is closed once the last of them has ended.
//
// A connection that began while there could be no lists does not show the header. If there
// can be some now, its messages to lists are deferred until the client makes a new one.
func (s *Server) Use(rules Rules) (over <-chan struct{}) { return s.rules.replace(rules) }

// Serve accepts connections on ln, configured by c, until Shutdown is called, or Withdraw
// for this listener; then it returns nil. It closes ln.
func (s *Server) Serve(ln net.Listener, c ListenConfig) error {
	defer func() { _ = ln.Close() }()
	l := s.listen(ln, c)
	defer s.unlisten(ln)
	pause := time.Duration(0)
	for s.acquirePlace() {
		conn, err := ln.Accept()
		switch {
		case err == nil:
			pause = 0
			s.handle(conn, *l.now.Load())
		case s.draining.Load():
			<-s.places
			return nil
		case l.withdrawn.Load():
			<-s.places
			if !l.acceptLast(ln) {
				return nil
			}
		case errors.Is(err, net.ErrClosed):
			<-s.places
			return err
		default:
			<-s.places
			pause = min(max(2*pause, 5*time.Millisecond), maxAcceptPause)
			// Log key "retry_in": the pause
			s.log.Error(msgCannotAccept, "error", err, "retry_in", pause)
			select {
			case <-time.After(pause):
			case <-s.stopped:
			}
		}
	}
	return nil
}

// acquirePlace waits until one more connection may be served. It returns false when draining.
func (s *Server) acquirePlace() bool {
	select {
	case s.places <- struct{}{}:
		return true
	case <-s.stopped:
		return false
	}
}

// handle passes one connection to the library, in a library server of its own, so that the
// session that the library asks for is this connection's.
func (s *Server) handle(conn net.Conn, l listener) {
	session := &session{server: s, listener: l, needs: s.rules.needs()}
	session.wire = newWire(conn, session, func() {
		session.closed()
		s.untrack(session.wire)
	})
	if !s.track(session.wire) {
		_ = conn.Close()
		<-s.places
		return
	}
	library := gomilter.Server{
		NewMilter: func() gomilter.Milter { return callbacks{session} },
		Actions:   actions(session.needs),
		Protocol:  protocol(&session.listener, session.needs),
		SymList:   macros(session.needs),
	}
	_ = library.Serve(&oneConn{Conn: session.wire}) // returns at once: it starts a goroutine, and then there is no more to accept
}

func (s *Server) track(w *wire) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.draining.Load() {
		return false
	}
	s.wires[w] = struct{}{}
	s.active.Add(1)
	return true
}

// Connections is how many connections are served now.
func (s *Server) Connections() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.wires)
}

func (s *Server) untrack(w *wire) {
	s.mu.Lock()
	delete(s.wires, w)
	s.mu.Unlock()
	s.active.Done()
	<-s.places
}

// Shutdown stops accepting, ends the connections that are between two messages, and waits
// until the others have finished their message. Ending idle connections at once delays
// their next message, but keeps a restart short, and all new mail is delayed during a
// restart. When ctx ends first, the remaining connections are cut off and ctx's error is
// returned.
func (s *Server) Shutdown(ctx context.Context) error {
	s.mu.Lock()
	if !s.draining.Swap(true) {
		close(s.stopped)
	}
	for ln := range s.listeners {
		_ = ln.Close()
	}
	for w := range s.wires {
		w.hangUpIdle()
	}
	s.mu.Unlock()

	done := make(chan struct{})
	go func() {
		s.active.Wait()
		close(done)
	}()
	select {
	case <-done:
		s.cancel()
		return nil
	case <-ctx.Done():
	}
	s.cancel()
	s.mu.Lock()
	for w := range s.wires {
		w.kill()
	}
	s.mu.Unlock()
	<-done
	return ctx.Err()
}

// oneConn is a listener that accepts one connection.
type oneConn struct {
	net.Conn
	given bool
}

// Accept implements [net.Listener].
func (l *oneConn) Accept() (net.Conn, error) {
	if l.given {
		return nil, net.ErrClosed
	}
	l.given = true
	return l.Conn, nil
}

// Close implements [net.Listener]. It leaves the connection open.
func (l *oneConn) Close() error { return nil }

// Addr implements [net.Listener].
func (l *oneConn) Addr() net.Addr { return l.LocalAddr() }
