package main

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/rcptquota/rcptquota/ldapcache"
)

func TestDirectoryMetrics(t *testing.T) {
	m := directoryMetrics{stats: func() ldapcache.Stats {
		return ldapcache.Stats{
			Senders: ldapcache.CacheStats{Hits: 1, Misses: 2, Stale: 3, Unavailable: 4, Searches: 5, Errors: 6, Entries: 7},
			Servers: []ldapcache.ServerStats{{URL: "ldap://a"}, {URL: "ldap://b", Up: true, InUse: true}},
		}
	}}
	const want = `# HELP rcptquota_directory_cache_entries Answers remembered.
# TYPE rcptquota_directory_cache_entries gauge
rcptquota_directory_cache_entries{cache="senders"} 7
# HELP rcptquota_directory_lookups_total Look-ups, by how they were answered.
# TYPE rcptquota_directory_lookups_total counter
rcptquota_directory_lookups_total{answer="hit",cache="senders"} 1
rcptquota_directory_lookups_total{answer="miss",cache="senders"} 2
rcptquota_directory_lookups_total{answer="stale",cache="senders"} 3
rcptquota_directory_lookups_total{answer="unavailable",cache="senders"} 4
# HELP rcptquota_directory_search_errors_total Searches that failed.
# TYPE rcptquota_directory_search_errors_total counter
rcptquota_directory_search_errors_total{cache="senders"} 6
# HELP rcptquota_directory_searches_total Searches begun in LDAP.
# TYPE rcptquota_directory_searches_total counter
rcptquota_directory_searches_total{cache="senders"} 5
# HELP rcptquota_directory_server_in_use 1 for the server that is asked.
# TYPE rcptquota_directory_server_in_use gauge
rcptquota_directory_server_in_use{server="ldap://a"} 0
rcptquota_directory_server_in_use{server="ldap://b"} 1
# HELP rcptquota_directory_server_up 0 from a server's failure on until it has answered again.
# TYPE rcptquota_directory_server_up gauge
rcptquota_directory_server_up{server="ldap://a"} 0
rcptquota_directory_server_up{server="ldap://b"} 1
`
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(m)
	answer := httptest.NewRecorder()
	promhttp.HandlerFor(registry, promhttp.HandlerOpts{}).ServeHTTP(answer, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", nil))
	if got := answer.Body.String(); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}
