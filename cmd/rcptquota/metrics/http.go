package metrics

import (
	"context"
	"errors"
	"net"
	"net/http"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/rcptquota/rcptquota/cmd/rcptquota/httpserver"
	"github.com/rcptquota/rcptquota/quota/conf"
)

// Config is the table [http].
type Config struct {
	// Address is "host:port" for /metrics, /healthz and /readyz. Left out: off.
	Address string `toml:"address"`
}

// Validate implements [conf.Validator].
func (c *Config) Validate() error {
	if c.Address == "" {
		return nil
	}
	if _, _, err := net.SplitHostPort(c.Address); err != nil {
		return conf.Errorf("http.address", `%q is no host and port; write it as in "127.0.0.1:9891", or "" for none`, c.Address)
	}
	return nil
}

// Listen opens the address; nil where there is none.
func (c *Config) Listen() (net.Listener, error) {
	if c.Address == "" {
		return nil, nil
	}
	return net.Listen("tcp", c.Address)
}

// ServeHTTP answers on ln, unless that is nil, until ctx ends: /healthz as
// long as the process lives, /readyz while ready is true.
func (m *Metrics) ServeHTTP(ctx context.Context, ln net.Listener, ready *atomic.Bool) error {
	if ln == nil {
		return nil
	}
	mux := http.NewServeMux()
	mux.Handle("/metrics", promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{}))
	mux.HandleFunc("/healthz", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("/readyz", func(w http.ResponseWriter, _ *http.Request) {
		if !ready.Load() {
			http.Error(w, "not serving", http.StatusServiceUnavailable)
		}
	})
	server := httpserver.New(mux)
	defer context.AfterFunc(ctx, func() { _ = server.Close() })()
	if err := server.Serve(ln); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
