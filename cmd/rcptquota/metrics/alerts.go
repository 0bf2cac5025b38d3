package metrics

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/rcptquota/rcptquota/cmd/rcptquota/alert"
)

var (
	alertsDesc = prometheus.NewDesc("rcptquota_alerts_total",
		"Alerts that this relay raised.", []string{"kind"}, nil)
	undeliveredDesc = prometheus.NewDesc("rcptquota_alerts_undelivered_total",
		"Alerts that could not be sent, by mail or to the webhook, in several attempts, or for which there was no room.", []string{"channel"}, nil)
	alertsDroppedDesc = prometheus.NewDesc("rcptquota_alerts_dropped_total",
		"Alerts that were dropped, because too many came at once.", nil, nil)
)

// WatchAlerts adds the metrics of alerts.
func (m *Metrics) WatchAlerts(now func() alert.Stats) { m.registry.MustRegister(alerts(now)) }

// alerts collects the numbers of alerts.
type alerts func() alert.Stats

// Describe implements [prometheus.Collector].
func (alerts) Describe(all chan<- *prometheus.Desc) {
	all <- alertsDesc
	all <- undeliveredDesc
	all <- alertsDroppedDesc
}

// Collect implements [prometheus.Collector].
func (now alerts) Collect(all chan<- prometheus.Metric) {
	stats := now()
	for kind, n := range stats.Raised {
		count(all, alertsDesc, n, kind.String())
	}
	for channel, n := range stats.Undelivered {
		count(all, undeliveredDesc, n, channel)
	}
	count(all, alertsDroppedDesc, stats.Dropped)
}
