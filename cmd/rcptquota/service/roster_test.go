package service

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/rcptquota/rcptquota/cmd/rcptquota/config"
	"github.com/rcptquota/rcptquota/cmd/rcptquota/metrics"
	"github.com/rcptquota/rcptquota/ldapcache"
	"github.com/rcptquota/rcptquota/ldapcache/roster"
	"github.com/rcptquota/rcptquota/quota"
	"github.com/rcptquota/rcptquota/quota/counter"
)

// staff is a directory of three designated senders.
type staff struct{ ldapcache.Directory }

func (staff) Designations(context.Context) (all []roster.Designation, unresolved []string, err error) {
	for _, login := range []string{"anne", "bruno", "chloe"} {
		all = append(all, roster.Designation{Establishment: "0310001A", Sender: login})
	}
	return all, nil, nil
}

func TestMetricsOfTheRoster(t *testing.T) {
	c := &config.Config{Config: quota.DefaultConfig(), StateDir: t.TempDir(), Store: counter.DefaultConfig()}
	c.Premium.Config = roster.DefaultConfig()
	if err := c.Validate(); c.Rules() == nil {
		t.Fatal(err)
	}
	p, err := OpenRoster(t.Context(), c, staff{}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	m := metrics.New()
	m.Watch(nil, func() metrics.Watched { return metrics.Watched{Roster: p.Keeper} })
	families, err := m.Registry().Gather()
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]float64{}
	for _, f := range families {
		got[f.GetName()] = f.GetMetric()[0].GetGauge().GetValue()
	}
	age := time.Since(time.Unix(int64(got["rcptquota_roster_copied_timestamp_seconds"]), 0))
	if body := scrape(t, m.Registry()); !strings.Contains(body, `rcptquota_roster_doubt{reason="nearly_empty"} 0`+"\n") {
		t.Errorf("got:\n%s", body)
	}
	if got["rcptquota_premium_senders"] != 3 || age < 0 || age > time.Minute {
		t.Errorf("%v premium senders, copied %v ago", got["rcptquota_premium_senders"], age)
	}
	if err := p.Close(); err != nil {
		t.Error(err)
	}
}

// scrape returns what /metrics would say.
func scrape(t *testing.T, registry *prometheus.Registry) string {
	t.Helper()
	answer := httptest.NewRecorder()
	request := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", nil)
	promhttp.HandlerFor(registry, promhttp.HandlerOpts{}).ServeHTTP(answer, request)
	return answer.Body.String()
}
