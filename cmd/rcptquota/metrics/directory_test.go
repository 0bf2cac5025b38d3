package metrics

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/rcptquota/rcptquota/ldapcache"
	"github.com/rcptquota/rcptquota/ldapcache/ldap/failover"
)

// scrape returns what /metrics would say.
func scrape(t *testing.T, registry *prometheus.Registry) string {
	t.Helper()
	answer := httptest.NewRecorder()
	request := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", nil)
	promhttp.HandlerFor(registry, promhttp.HandlerOpts{}).ServeHTTP(answer, request)
	return answer.Body.String()
}

func TestADirectoryInLDAPIsWatched(t *testing.T) {
	config := ldapcache.DefaultConfig()
	config.Source, config.Servers, config.Base = "ldap", []string{"ldap://a"}, "dc=test"
	directory, err := ldapcache.Open(config, nil)
	if err != nil {
		t.Fatal(err)
	}
	m := New()
	m.Watch(nil, func() Watched { return Watched{Directory: directory} })
	if body := scrape(t, m.registry); !strings.Contains(body, `rcptquota_directory_server_up{server="ldap://a"} 1`+"\n") {
		t.Errorf("got:\n%s", body)
	}
	if err := directory.Close(); err != nil {
		t.Error(err)
	}
}

// fixedStats are always the same.
type fixedStats struct{ ldapcache.Stats }

func (f fixedStats) Describe(all chan<- *prometheus.Desc) { prometheus.DescribeByCollect(f, all) }
func (f fixedStats) Collect(all chan<- prometheus.Metric) { collectDirectory(all, f.Stats) }

func TestDirectoryMetrics(t *testing.T) {
	stats := fixedStats{
		ldapcache.Stats{
			Senders: ldapcache.CacheStats{Hits: 1, Misses: 2, Stale: 3, Unavailable: 4, Searches: 5, Errors: 6, Entries: 7},
			Lists:   ldapcache.CacheStats{Hits: 10, Misses: 20, Stale: 30, Unavailable: 40, Searches: 50, Errors: 60, Entries: 70},
			Servers: []failover.ServerStats{{URL: "ldap://a"}, {URL: "ldap://b", Up: true, InUse: true}},
		},
	}
	const want = `# HELP rcptquota_directory_cache_entries Answers remembered.
# TYPE rcptquota_directory_cache_entries gauge
rcptquota_directory_cache_entries{cache="lists"} 70
rcptquota_directory_cache_entries{cache="senders"} 7
# HELP rcptquota_directory_lookups_total Lookups in LDAP, by answer: hit, from memory; miss, by a search; stale, with what was last known, as LDAP was away or slow; unavailable, not at all.
# TYPE rcptquota_directory_lookups_total counter
rcptquota_directory_lookups_total{answer="hit",cache="lists"} 10
rcptquota_directory_lookups_total{answer="hit",cache="senders"} 1
rcptquota_directory_lookups_total{answer="miss",cache="lists"} 20
rcptquota_directory_lookups_total{answer="miss",cache="senders"} 2
rcptquota_directory_lookups_total{answer="stale",cache="lists"} 30
rcptquota_directory_lookups_total{answer="stale",cache="senders"} 3
rcptquota_directory_lookups_total{answer="unavailable",cache="lists"} 40
rcptquota_directory_lookups_total{answer="unavailable",cache="senders"} 4
# HELP rcptquota_directory_search_errors_total Searches that failed.
# TYPE rcptquota_directory_search_errors_total counter
rcptquota_directory_search_errors_total{cache="lists"} 60
rcptquota_directory_search_errors_total{cache="senders"} 6
# HELP rcptquota_directory_searches_total Searches in LDAP for these lookups.
# TYPE rcptquota_directory_searches_total counter
rcptquota_directory_searches_total{cache="lists"} 50
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
	registry := prometheus.NewRegistry()
	registry.MustRegister(stats)
	if got := scrape(t, registry); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}
