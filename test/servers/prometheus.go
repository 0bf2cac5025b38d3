package servers

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
)

// Prometheus is a real Prometheus server, which looks at its targets, and at its rules,
// four times a second.
type Prometheus struct {
	t   testing.TB
	url string
}

// Target is what Prometheus reads metrics of.
type Target struct {
	Instance string // the label
	Address  string // "host:port"
}

// StartPrometheus starts a server with alert rules and targets of the job rcptquota. It
// ends with the test.
func StartPrometheus(t testing.TB, rules string, targets []Target) *Prometheus {
	t.Helper()
	dir := Scratch(t)
	mkdirs(t, filepath.Join(dir, "data"))
	write(t, filepath.Join(dir, "rules.yml"), rules)
	var config strings.Builder
	config.WriteString("global: { scrape_interval: 250ms, evaluation_interval: 250ms }\nrule_files: [rules.yml]\n" +
		"scrape_configs:\n  - job_name: rcptquota\n    static_configs:\n")
	for _, target := range targets {
		fmt.Fprintf(&config, "      - { targets: [%q], labels: { instance: %q } }\n", target.Address, target.Instance)
	}
	write(t, filepath.Join(dir, "prometheus.yml"), config.String())
	address := fmt.Sprintf("127.0.0.1:%d", FreePort(t))
	process, err := StartProcess(filepath.Join(dir, "log"), "prometheus", "--web.listen-address="+address,
		"--config.file="+filepath.Join(dir, "prometheus.yml"), "--storage.tsdb.path="+filepath.Join(dir, "data"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(process.Stop)
	p := &Prometheus{t: t, url: "http://" + address}
	if !Wait(func() bool { return process.Ended() || p.get("/-/ready", nil) == nil }) || process.Ended() {
		t.Fatalf("prometheus is not ready: %v", strings.Join((&LogFile{Path: filepath.Join(dir, "log")}).Lines(), "\n"))
	}
	return p
}

// get asks for a path, and puts the field data of the answer into data, unless that is
// nil.
func (p *Prometheus) get(path string, data any) error {
	request, err := http.NewRequestWithContext(p.t.Context(), http.MethodGet, p.url+path, nil)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close() //nolint:errcheck // only read
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s: %s", path, response.Status, body)
	}
	if data == nil {
		return nil
	}
	return json.Unmarshal(body, &struct{ Data any }{data})
}

// Firing are the names of the alerts that fire now, by the label instance.
func (p *Prometheus) Firing() map[string][]string {
	p.t.Helper()
	var data struct {
		Alerts []struct {
			Labels map[string]string
			State  string
		}
	}
	if err := p.get("/api/v1/alerts", &data); err != nil {
		p.t.Fatal(err)
	}
	firing := map[string][]string{}
	for _, a := range data.Alerts {
		if a.State == "firing" {
			firing[a.Labels["instance"]] = append(firing[a.Labels["instance"]], a.Labels["alertname"])
		}
	}
	return firing
}

// Query evaluates an expression, and returns how many series its result has.
func (p *Prometheus) Query(expression string) (series int, err error) {
	var data struct{ Result []any }
	err = p.get("/api/v1/query?query="+url.QueryEscape(expression), &data)
	return len(data.Result), err
}
