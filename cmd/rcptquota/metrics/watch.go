package metrics

import (
	"math"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/rcptquota/rcptquota/cmd/rcptquota/logging"
	"github.com/rcptquota/rcptquota/ldapcache"
	"github.com/rcptquota/rcptquota/ldapcache/roster"
	"github.com/rcptquota/rcptquota/milter"
	"github.com/rcptquota/rcptquota/quota"
	"github.com/rcptquota/rcptquota/quota/counter"
	"github.com/rcptquota/rcptquota/quota/history"
)

// Watched is what metrics tell about besides messages, as they are when scraped. A
// reload of the configuration may replace each of them.
type Watched struct {
	// Directory and Store are asked for their own numbers, if they have some.
	Directory quota.Directory
	Store     quota.Counter
	// Roster is nil where none is kept.
	Roster *roster.Keeper
	// Recorder stores decision records; nil where none are kept.
	Recorder *history.Recorder
	// Listeners are the addresses of the sockets to which Postfix connects.
	Listeners []string
}

// Watch adds the metrics of what now returns, and of the messages at server that did not
// reach their end.
func (m *Metrics) Watch(server *milter.Server, now func() Watched) {
	m.registry.MustRegister(watch{server, now})
}

// WatchReloads adds metrics of reloads: whether the last one went well, and when one last
// did; the start counts as one.
func (m *Metrics) WatchReloads(last func() (ok bool, loaded time.Time)) {
	m.registry.MustRegister(
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "rcptquota_config_last_reload_successful", Help: "1 if the configuration could be read when that was last asked for; 0 if the previous one stays in force.",
		}, func() float64 { ok, _ := last(); return oneIf(ok) }),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "rcptquota_config_last_reload_success_timestamp_seconds", Help: "When the configuration in force was read.",
		}, func() float64 { _, loaded := last(); return float64(loaded.Unix()) }))
}

// WatchLog adds metrics of the log's queue.
func (m *Metrics) WatchLog(logs *logging.Queue) {
	m.registry.MustRegister(
		prometheus.NewCounterFunc(prometheus.CounterOpts{
			Name: "rcptquota_log_records_dropped_total", Help: "Log records dropped because nothing reads the log, or the reader hangs.",
		}, func() float64 { return float64(logs.Dropped()) }),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "rcptquota_log_records_waiting", Help: "Log records waiting to be written.",
		}, func() float64 { return float64(logs.Length()) }))
}

// watch collects what is watched.
type watch struct {
	server *milter.Server
	now    func() Watched
}

var (
	storeAwayDesc = prometheus.NewDesc("rcptquota_store_away",
		"1 while Redis is away, and not asked; otherwise 0. Only with Redis.", nil, nil)
	recordsLostDesc = prometheus.NewDesc("rcptquota_decision_records_lost_total",
		"Decision records lost because Redis was away, or state_dir could not be written.", nil, nil)
	recordsWaitingDesc = prometheus.NewDesc("rcptquota_decision_records_waiting",
		"Decision records waiting to be stored.", nil, nil)
	unendedDesc = prometheus.NewDesc("rcptquota_unended_messages_total",
		"Messages that passed at DATA and whose end Postfix did not show: the client gave them up, or Postfix or another milter "+
			"refused them. If it is all messages, smtpd_proxy_filter is the cause.", []string{"listener"}, nil)
	premiumDesc = prometheus.NewDesc("rcptquota_premium_senders",
		"Premium senders now; NaN if that is not known.", nil, nil)
	copiedDesc = prometheus.NewDesc("rcptquota_roster_copied_timestamp_seconds",
		"When the roster in effect was copied from the directory.", nil, nil)
	doubtDesc = prometheus.NewDesc("rcptquota_roster_doubt",
		"1 while the roster is in doubt, or will be at the next moment of effect: unavailable, LDAP or the store is away; clock, a clock is wrong; "+
			"nearly_empty, nearly everybody is missing from the directory. Otherwise 0.", []string{"reason"}, nil)
)

// Describe implements [prometheus.Collector]. Which of these there are depends on the
// configuration.
func (watch) Describe(all chan<- *prometheus.Desc) {
	for _, desc := range []*prometheus.Desc{
		lookupsDesc, searchesDesc, searchErrorsDesc, entriesDesc, serverUpDesc, serverInUseDesc,
		storeAwayDesc, recordsLostDesc, recordsWaitingDesc, unendedDesc, premiumDesc, copiedDesc, doubtDesc,
	} {
		all <- desc
	}
}

// Collect implements [prometheus.Collector].
func (w watch) Collect(all chan<- prometheus.Metric) {
	now := w.now()
	if cached, ok := now.Directory.(*ldapcache.Cached); ok {
		collectDirectory(all, cached.Stats())
	}
	if redis, ok := now.Store.(*counter.Fallback); ok {
		gauge(all, storeAwayDesc, oneIf(redis.Away() != nil))
	}
	if now.Recorder != nil {
		count(all, recordsLostDesc, now.Recorder.Lost())
		gauge(all, recordsWaitingDesc, float64(now.Recorder.Waiting()))
	}
	for _, address := range now.Listeners {
		count(all, unendedDesc, w.server.Unended(address), address)
	}
	if now.Roster != nil {
		collectRoster(all, now.Roster)
	}
}

func collectRoster(all chan<- prometheus.Metric, keeper *roster.Keeper) {
	senders, copied := math.NaN(), math.NaN()
	if c := keeper.InEffect(); c != nil {
		senders, copied = float64(len(c.Elected)), float64(c.Taken.Unix())
	}
	gauge(all, premiumDesc, senders)
	gauge(all, copiedDesc, copied)
	for _, doubt := range roster.Doubts {
		gauge(all, doubtDesc, oneIf(keeper.Doubt() == doubt), doubt.String())
	}
}
