package test_test

import (
	"encoding/json"
	"io/fs"
	"os"
	"regexp"
	"strings"
	"testing"
)

var (
	metricRow  = regexp.MustCompile("(?m)^\\| `(rcptquota_\\w+)` \\|")
	metricName = regexp.MustCompile(`\brcptquota_\w+`)
	histogram  = regexp.MustCompile(`_(bucket|count|sum)$`)
)

// TestDashboardsKnowOnlyMetricsThatExist compares the metrics in what deploy/postfix has
// for monitoring with the table in operations.md, which is generated from the code.
func TestDashboardsKnowOnlyMetricsThatExist(t *testing.T) {
	deploy := os.DirFS("../deploy/postfix")
	read := func(name string) string {
		text, err := fs.ReadFile(deploy, name)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	exists := map[string]bool{}
	for _, row := range metricRow.FindAllStringSubmatch(read("operations.md"), -1) {
		exists[row[1]] = true
	}
	for _, name := range []string{"grafana-dashboard.json", "prometheus-rules.yml"} {
		for _, metric := range metricName.FindAllString(read(name), -1) {
			metric = histogram.ReplaceAllString(metric, "")
			if !exists[metric] {
				t.Errorf("%s: no metric %s", name, metric)
			}
		}
	}
	if !json.Valid([]byte(strings.TrimSpace(read("grafana-dashboard.json")))) {
		t.Error("grafana-dashboard.json is no JSON")
	}
}
