package metrics

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/rcptquota/rcptquota/ldapcache"
)

var (
	lookupsDesc = prometheus.NewDesc("rcptquota_directory_lookups_total",
		"Lookups in LDAP, by answer: hit, from memory; miss, by a search; stale, with what was last known, as LDAP was away or slow; unavailable, not at all.", []string{"cache", "answer"}, nil)
	searchesDesc = prometheus.NewDesc("rcptquota_directory_searches_total",
		"Searches in LDAP for these lookups.", []string{"cache"}, nil)
	searchErrorsDesc = prometheus.NewDesc("rcptquota_directory_search_errors_total",
		"Searches that failed.", []string{"cache"}, nil)
	entriesDesc = prometheus.NewDesc("rcptquota_directory_cache_entries",
		"Answers remembered.", []string{"cache"}, nil)
	serverUpDesc = prometheus.NewDesc("rcptquota_directory_server_up",
		"0 from a server's failure on until it has answered again.", []string{"server"}, nil)
	serverInUseDesc = prometheus.NewDesc("rcptquota_directory_server_in_use",
		"1 for the server that is asked.", []string{"server"}, nil)
)

// collectDirectory collects the metrics of a directory in LDAP.
func collectDirectory(all chan<- prometheus.Metric, stats ldapcache.Stats) {
	collectCache(all, "senders", stats.Senders)
	collectCache(all, "lists", stats.Lists)
	for _, s := range stats.Servers {
		gauge(all, serverUpDesc, oneIf(s.Up), s.URL)
		gauge(all, serverInUseDesc, oneIf(s.InUse), s.URL)
	}
}

func collectCache(all chan<- prometheus.Metric, name string, s ldapcache.CacheStats) {
	count(all, lookupsDesc, s.Hits, name, "hit")
	count(all, lookupsDesc, s.Misses, name, "miss")
	count(all, lookupsDesc, s.Stale, name, "stale")
	count(all, lookupsDesc, s.Unavailable, name, "unavailable")
	count(all, searchesDesc, s.Searches, name)
	count(all, searchErrorsDesc, s.Errors, name)
	gauge(all, entriesDesc, float64(s.Entries), name)
}

func count(all chan<- prometheus.Metric, desc *prometheus.Desc, n uint64, labels ...string) {
	all <- prometheus.MustNewConstMetric(desc, prometheus.CounterValue, float64(n), labels...)
}

func gauge(all chan<- prometheus.Metric, desc *prometheus.Desc, value float64, labels ...string) {
	all <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, value, labels...)
}

func oneIf(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
