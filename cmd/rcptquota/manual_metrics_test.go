package main

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/rcptquota/rcptquota/cmd/rcptquota/alert"
	"github.com/rcptquota/rcptquota/cmd/rcptquota/logging"
	"github.com/rcptquota/rcptquota/cmd/rcptquota/metrics"
	"github.com/rcptquota/rcptquota/ldapcache"
	"github.com/rcptquota/rcptquota/quota/counter"
)

// described takes apart how the library writes a metric's description.
var described = regexp.MustCompile(`^Desc\{fqName: "(rcptquota_\w+)", help: ("(?:[^"\\]|\\.)*"),(?: unit: "",)? constLabels: \{(.*?)\}, variableLabels: \{(.*?)\}\}$`)

// metricsTable has a row for each metric that a relay with LDAP, Redis and a roster
// registers.
func metricsTable(t *testing.T) string {
	t.Helper()
	all := make(chan *prometheus.Desc)
	go func() {
		registeredMetrics(t).Describe(all)
		close(all)
	}()
	var rows []string
	for desc := range all {
		m := described.FindStringSubmatch(desc.String())
		if m == nil {
			if strings.Contains(desc.String(), "rcptquota_") {
				t.Errorf("cannot read %s", desc)
			}
			continue
		}
		help, err := strconv.Unquote(m[2])
		if err != nil {
			t.Error(err)
		}
		rows = append(rows, "| `"+m[1]+"` | "+labels(m[3], m[4])+" | "+markdown(help)+" |\n")
	}
	slices.Sort(rows)
	return "| metric | labels | meaning |\n|---|---|---|\n" + strings.Join(slices.Compact(rows), "")
}

// labels lists the names of constant labels (name="value") and of variable ones.
func labels(constant, variable string) string {
	var names []string
	for label := range strings.SplitSeq(constant+","+variable, ",") {
		if name, _, _ := strings.Cut(strings.TrimSpace(label), "="); name != "" {
			names = append(names, "`"+name+"`")
		}
	}
	return strings.Join(names, ", ")
}

// registeredMetrics registers as serve does, with everything that can have metrics.
func registeredMetrics(t *testing.T) *prometheus.Registry {
	t.Helper()
	config := ldapcache.DefaultConfig()
	config.Source, config.Servers, config.Base = "ldap", []string{"ldap://a"}, "dc=test"
	directory, err := ldapcache.Open(config, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = directory.Close() })
	m := metrics.New()
	m.Watch(nil, func() metrics.Watched { return metrics.Watched{Directory: directory, Store: new(counter.Fallback)} })
	m.WatchLog(new(logging.Queue))
	m.WatchAlerts(func() alert.Stats {
		return alert.Stats{Raised: map[alert.Kind]uint64{alert.Refusal: 0}, Undelivered: map[string]uint64{"mail": 0}}
	})
	return m.Registry()
}
