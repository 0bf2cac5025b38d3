package milter

import (
	"net"
	"sync/atomic"
	"time"
)

// lastAccepts is for how long a listener that is withdrawn still accepts: whom the kernel
// has let in already waits for an answer.
const lastAccepts = 100 * time.Millisecond

// listening is a listener that a server accepts on.
type listening struct {
	now       atomic.Pointer[listener] // of connections that begin
	withdrawn atomic.Bool
	last      bool // of Serve: the last connections are being accepted
}

// deadliner is a listener of the kernel's.
type deadliner interface{ SetDeadline(t time.Time) error }

// acceptLast lets a listener that was withdrawn accept for [lastAccepts] more. It reports
// false once that is over.
func (l *listening) acceptLast(ln net.Listener) bool {
	d, ok := ln.(deadliner)
	if l.last || !ok || d.SetDeadline(time.Now().Add(lastAccepts)) != nil {
		return false
	}
	l.last = true
	return true
}

// listen begins to serve ln. While draining, ln is closed at once, and the first accept
// fails.
func (s *Server) listen(ln net.Listener, c ListenConfig) *listening {
	l := s.listening(ln)
	l.now.CompareAndSwap(nil, s.listenerOf(c)) // it may be reconfigured already
	if s.draining.Load() {
		_ = ln.Close()
	}
	return l
}

// listening returns what is known of ln, which may be served a little later.
func (s *Server) listening(ln net.Listener) *listening {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.listeners[ln] == nil {
		s.listeners[ln] = &listening{}
	}
	return s.listeners[ln]
}

func (s *Server) unlisten(ln net.Listener) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.listeners, ln)
}

func (s *Server) listenerOf(c ListenConfig) *listener {
	return &listener{role: c.MessageRole(), countsAtData: c.CountsAtData(), ends: s.endsOf(c.Address)}
}

// Reconfigure has connections that begin from now on at ln, which is served, go by c.
func (s *Server) Reconfigure(ln net.Listener, c ListenConfig) {
	s.listening(ln).now.Store(s.listenerOf(c))
}

// Withdraw ends the service of ln a moment later, once those whom the kernel has let in
// are accepted. A unix socket is removed at once. Connections go on until they end.
func (s *Server) Withdraw(ln net.Listener) {
	s.listening(ln).withdrawn.Store(true)
	if l, ok := ln.(*unixListener); ok {
		l.remove()
	}
	if d, ok := ln.(deadliner); !ok || d.SetDeadline(time.Unix(1, 0)) != nil { // wakes Serve
		_ = ln.Close()
	}
}
