package main

import (
	"net"
	"net/http"
	"sync/atomic"
	"time"
)

const (
	// httpTimeout bounds the reading of each request, and the writing of each
	// answer: a client that hangs is cut off.
	httpTimeout = 10 * time.Second
	// httpIdle is how long a connection may be idle between requests: Prometheus
	// asks once a minute by default.
	httpIdle = 2 * time.Minute
	// maxHTTPConnections is how many connections there may be at once; further ones
	// are closed. Mail needs the file descriptors more.
	maxHTTPConnections = 64
	// maxHTTPHeader is the longest header of a request, in bytes.
	maxHTTPHeader = 16 << 10
)

// newHTTPServer returns a server whose clients can neither hang it nor use up the
// file descriptors.
func newHTTPServer(handler http.Handler) *http.Server {
	var open atomic.Int64
	return &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: httpTimeout,
		ReadTimeout:       httpTimeout,
		WriteTimeout:      httpTimeout,
		IdleTimeout:       httpIdle,
		MaxHeaderBytes:    maxHTTPHeader,
		ConnState: func(conn net.Conn, state http.ConnState) {
			switch state {
			case http.StateNew:
				if open.Add(1) > maxHTTPConnections {
					_ = conn.Close()
				}
			case http.StateHijacked, http.StateClosed:
				open.Add(-1)
			case http.StateActive, http.StateIdle:
			}
		},
	}
}
