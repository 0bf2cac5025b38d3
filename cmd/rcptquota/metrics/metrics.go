package metrics

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/rcptquota/rcptquota/milter"
	"github.com/rcptquota/rcptquota/quota"
)

// Metrics are what /metrics tells (https://prometheus.io/docs/practices/naming/).
type Metrics struct {
	registry   *prometheus.Registry
	verdicts   *prometheus.CounterVec
	recipients *prometheus.CounterVec
	degraded   prometheus.Counter
	atEnd      *prometheus.CounterVec
	seconds    prometheus.Histogram
	unsettled  prometheus.Counter
}

// New returns metrics that nothing was counted in.
func New() *Metrics {
	m := &Metrics{
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
			Name: "rcptquota_end_verdicts_total", Help: "Messages that passed at DATA, and then not because of their header.",
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

// Registry has what /metrics tells.
func (m *Metrics) Registry() *prometheus.Registry { return m.registry }

// Measured is a policy whose decisions are counted.
type Measured struct {
	Next milter.Policy
	*Metrics
}

// Judge implements [milter.Judge].
func (m Measured) Judge(ctx context.Context, msg *quota.Message) quota.Verdict {
	start := time.Now()
	v := m.Next.Judge(ctx, msg)
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
func (m Measured) JudgeHeader(v *quota.Verdict, h *quota.Header) quota.Verdict {
	atEnd := m.Next.JudgeHeader(v, h)
	if atEnd.Action != v.Action {
		m.atEnd.WithLabelValues(atEnd.Action.String(), atEnd.Reason.String(), atEnd.Class).Inc()
	}
	return atEnd
}

// Settle implements [milter.Settler].
func (m Measured) Settle(ctx context.Context, t quota.Ticket, commit bool) error {
	err := m.Next.Settle(ctx, t, commit)
	if err != nil {
		m.unsettled.Inc()
	}
	return err
}
