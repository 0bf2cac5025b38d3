package main

import (
	"net"
	"net/http"
	"sync/atomic"
	"time"
)

const (
	// httpTimeout bounds each request, from its first byte to the last of the
	// answer: a reader that hangs is cut off.
	httpTimeout = 10 * time.Second
	// httpIdle is how long a connection may wait for its next request: Prometheus
	// comes back after a minute, by default.
	httpIdle = 2 * time.Minute
	// maxHTTPConnections is how many readers there may be at once; further ones
	// are hung up on. Files are for mail.
	maxHTTPConnections = 64
	// maxHTTPHeader bounds the header of a request, in bytes.
	maxHTTPHeader = 16 << 10
)

// newHTTPServer returns a server whose clients can neither hang nor crowd it.
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
