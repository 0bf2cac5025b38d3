package main

import (
	"context"
	"errors"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/rcptquota/rcptquota/ldapcache"
	"github.com/rcptquota/rcptquota/milter"
	"github.com/rcptquota/rcptquota/quota"
	"github.com/rcptquota/rcptquota/quota/conf"
	"github.com/rcptquota/rcptquota/quota/counter"
	"github.com/rcptquota/rcptquota/quota/list"
)

// httpConfig is the table [http].
type httpConfig struct {
	// Address is "host:port" for /metrics, /healthz and /readyz. Left out: off.
	Address string `toml:"address"`
}

// Validate implements [conf.Validator].
func (c *httpConfig) Validate() error {
	if c.Address == "" {
		return nil
	}
	if _, _, err := net.SplitHostPort(c.Address); err != nil {
		return conf.Errorf("http.address", `%q is no host and port; write it as in "127.0.0.1:9891", or "" for none`, c.Address)
	}
	return nil
}

// metrics are what /metrics tells (https://prometheus.io/docs/practices/naming/).
type metrics struct {
	registry   *prometheus.Registry
	verdicts   *prometheus.CounterVec
	recipients *prometheus.CounterVec
	degraded   prometheus.Counter
	atEnd      *prometheus.CounterVec
	seconds    prometheus.Histogram
	unsettled  prometheus.Counter
}

func newMetrics() *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		verdicts: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "rcptquota_verdicts_total", Help: "Decisions, by what became of the message; in role inbound, one for each RCPT.",
		}, []string{"action", "reason", "class", "role"}),
		recipients: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "rcptquota_recipients_total", Help: "Recipients of the messages decided on.",
		}, []string{"action", "class", "role"}),
		degraded: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "rcptquota_degraded_total", Help: "Decisions made while the directory or Redis was away.",
		}),
		atEnd: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "rcptquota_end_verdicts_total", Help: "Messages to lists that passed at DATA, and then not because of their header.",
		}, []string{"action", "reason", "class"}),
		seconds: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "rcptquota_decision_seconds", Help: "Time that a decision took.",
			Buckets: []float64{.0001, .0005, .001, .005, .01, .05, .1, .5, 1, 5, 10},
		}),
		unsettled: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "rcptquota_settle_errors_total", Help: "Reservations that could not be committed or released.",
		}),
	}
	m.registry.MustRegister(m.verdicts, m.recipients, m.degraded, m.atEnd, m.seconds, m.unsettled,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// watch tells, too, how the directory, the store and the log fare.
func (m *metrics) watch(directory ldapcache.Directory, store counter.Counter, logs *logQueue) {
	m.watchDirectory(directory)
	m.watchStore(store)
	m.watchLog(logs)
}

// watchStore tells, too, whether a store that can be away is.
func (m *metrics) watchStore(store counter.Counter) {
	redis, ok := store.(*counter.Fallback)
	if !ok {
		return
	}
	m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "rcptquota_store_away", Help: "1 while Redis is away, and not asked; otherwise 0. Only with Redis.",
	}, func() float64 { return oneIf(redis.Away() != nil) }))
}

// watchLog adds metrics of the log's queue.
func (m *metrics) watchLog(logs *logQueue) {
	m.registry.MustRegister(
		prometheus.NewCounterFunc(prometheus.CounterOpts{
			Name: "rcptquota_log_records_dropped_total", Help: "Log records dropped because nothing reads the log, or the reader hangs.",
		}, func() float64 { return float64(logs.dropped.Load()) }),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "rcptquota_log_records_waiting", Help: "Log records waiting to be written.",
		}, func() float64 { return float64(logs.length()) }))
}

// watchEnds adds a metric for each listener: the messages that did not reach their end.
func (m *metrics) watchEnds(server *milter.Server, listeners []milter.ListenConfig) {
	for _, c := range listeners {
		m.registry.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{
			Name: "rcptquota_unended_messages_total",
			Help: "Messages that passed at DATA and whose end Postfix did not show: the client gave them up, or Postfix or another milter " +
				"refused them. If it is all messages, smtpd_proxy_filter is the cause.",
			ConstLabels: prometheus.Labels{"listener": c.Address},
		}, func() float64 { return float64(server.Unended(c.Address)) }))
	}
}

// measured is a policy whose decisions are counted.
type measured struct {
	next milter.Policy
	*metrics
}

// Judge implements [milter.Judge].
func (m measured) Judge(ctx context.Context, msg *quota.Message) quota.Verdict {
	start := time.Now()
	v := m.next.Judge(ctx, msg)
	m.seconds.Observe(time.Since(start).Seconds())
	action, role := v.Action.String(), msg.Role.String()
	m.verdicts.WithLabelValues(action, v.Reason.String(), v.Class, role).Inc()
	m.recipients.WithLabelValues(action, v.Class, role).Add(float64(v.Recipients))
	if v.Degraded {
		m.degraded.Inc()
	}
	return v
}

// JudgeHeader implements [milter.Judge]. It counts a verdict that the header changed.
func (m measured) JudgeHeader(v *quota.Verdict, h *list.Header) quota.Verdict {
	atEnd := m.next.JudgeHeader(v, h)
	if atEnd.Action != v.Action {
		m.atEnd.WithLabelValues(atEnd.Action.String(), atEnd.Reason.String(), atEnd.Class).Inc()
	}
	return atEnd
}

// Settle implements [milter.Settler].
func (m measured) Settle(ctx context.Context, t quota.Ticket, commit bool) error {
	err := m.next.Settle(ctx, t, commit)
	if err != nil {
		m.unsettled.Inc()
	}
	return err
}

// serveHTTP answers at address, if there is one, until ctx ends: /healthz as
// long as the process lives, /readyz while ready is true.
func (m *metrics) serveHTTP(ctx context.Context, address string, ready *atomic.Bool) error {
	if address == "" {
		return nil
	}
	ln, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.Handle("/metrics", promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{}))
	mux.HandleFunc("/healthz", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("/readyz", func(w http.ResponseWriter, _ *http.Request) {
		if !ready.Load() {
			http.Error(w, "not serving", http.StatusServiceUnavailable)
		}
	})
	server := newHTTPServer(mux)
	defer context.AfterFunc(ctx, func() { _ = server.Close() })()
	if err := server.Serve(ln); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
