package httpserver

import (
	"net"
	"net/http"
	"sync/atomic"
	"time"
)

const (
	// Timeout bounds the reading of each request, and the writing of each
	// answer: a client that hangs is cut off.
	Timeout = 10 * time.Second
	// idle is how long a connection may be idle between requests: Prometheus
	// asks once a minute by default.
	idle = 2 * time.Minute
	// maxConnections is how many connections there may be at once; further ones
	// are closed. Mail needs the file descriptors more.
	maxConnections = 64
	// maxHeader is the longest header of a request, in bytes.
	maxHeader = 16 << 10
)

// New returns a server whose clients can neither hang it nor use up the
// file descriptors.
func New(handler http.Handler) *http.Server {
	var open atomic.Int64
	return &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: Timeout,
		ReadTimeout:       Timeout,
		WriteTimeout:      Timeout,
		IdleTimeout:       idle,
		MaxHeaderBytes:    maxHeader,
		ConnState: func(conn net.Conn, state http.ConnState) {
			switch state {
			case http.StateNew:
				if open.Add(1) > maxConnections {
					_ = conn.Close()
				}
			case http.StateHijacked, http.StateClosed:
				open.Add(-1)
			case http.StateActive, http.StateIdle:
			}
		},
	}
}
