//go:build servers

package test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/rcptquota/rcptquota/milter"
	"github.com/rcptquota/rcptquota/test/servers"
)

// TestRulesWithPromtool runs the tests of the alert rules in testdata/prometheus.
func TestRulesWithPromtool(t *testing.T) {
	dir := t.TempDir()
	tests, err := os.ReadFile("testdata/prometheus/rules_test.yml")
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"rules.yml": rules(t, `(?m)^ {8}annotations:\n(?: {10}.*\n)+`), "rules_test.yml": string(tests)} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, args := range [][]string{
		{"check", "rules", "../deploy/postfix/prometheus-rules.yml"},
		{"check", "config", "../deploy/postfix/prometheus.yml"},
		{"test", "rules", filepath.Join(dir, "rules_test.yml")},
	} {
		if output, err := exec.CommandContext(t.Context(), "promtool", args...).CombinedOutput(); err != nil {
			t.Errorf("promtool %s: %v\n%s", strings.Join(args, " "), err, output)
		}
	}
	for _, name := range regexp.MustCompile(`alert: (\w+)`).FindAllStringSubmatch(rules(t, `^$`), -1) {
		if !strings.Contains(string(tests), "alertname: "+name[1]+"\n") {
			t.Errorf("%s has no test", name[1])
		}
	}
}

// rules are the alert rules, without what matches.
func rules(t *testing.T, without string) string {
	t.Helper()
	text, err := os.ReadFile("../deploy/postfix/prometheus-rules.yml")
	if err != nil {
		t.Fatal(err)
	}
	return regexp.MustCompile(without).ReplaceAllString(string(text), "")
}

// watchedRelay is a relay that Prometheus watches.
type watchedRelay struct {
	t       *testing.T
	milter  string // "inet:host:port"
	metrics string // "host:port"
	config  string // its file
	process *servers.Process
	sent    atomic.Int64
}

// startWatched starts a relay with a configuration's further lines. Its log goes to
// stderr, or to a file if that is nil.
func startWatched(t *testing.T, stderr *os.File, config string) *watchedRelay {
	t.Helper()
	dir := servers.Scratch(t)
	r := &watchedRelay{
		t: t, milter: fmt.Sprintf("inet:127.0.0.1:%d", servers.FreePort(t)),
		metrics: fmt.Sprintf("127.0.0.1:%d", servers.FreePort(t)),
	}
	text := fmt.Sprintf("state_dir = %q\n%s\n[http]\naddress = %q\n[[listen]]\naddress = %q\n", dir, config, r.metrics, r.milter)
	path := filepath.Join(dir, "rcptquota.toml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program(), "serve", "--config", path)
	if stderr != nil {
		cmd.Stderr = stderr
	}
	log := filepath.Join(dir, "log")
	process, err := servers.StartCommand(log, cmd)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(process.Stop)
	r.config, r.process = path, process
	if !servers.Wait(func() bool { return process.Ended() || accepts("tcp", strings.TrimPrefix(r.milter, "inet:")) }) || process.Ended() {
		t.Fatalf("it does not listen: %v", (&servers.LogFile{Path: log}).Lines())
	}
	return r
}

// send plays a message of a sender of its own.
func (r *watchedRelay) send(recipients int, untilData bool, queueID string) {
	n := r.sent.Add(1)
	probe := milter.Probe{
		Client: netip.MustParseAddr("192.0.2.1"), Login: fmt.Sprint("sender", n), From: "a@example.org",
		QueueID: fmt.Sprint("Q", n, queueID), UntilData: untilData,
	}
	for i := range recipients {
		probe.Recipients = append(probe.Recipients, fmt.Sprintf("r%d@example.org", i))
	}
	if _, err := probe.Run(r.milter); err != nil && r.t.Context().Err() == nil {
		r.t.Errorf("probe: %v", err)
	}
}

// TestEachRuleFiresByItsFault: a real Prometheus watches a relay for each fault, and one
// without any. The rules fire at once there, instead of after minutes. An alert counts as
// undelivered only after six minutes of trying, so that rule is left to promtool.
func TestEachRuleFiresByItsFault(t *testing.T) {
	redis, gone := servers.StartRedis(t), servers.StartRedis(t)
	slapd, down := servers.StartSlapd(t), servers.StartSlapd(t)
	slow := servers.StartFakeLDAP(t, func(int, string) servers.Reply { return servers.Reply{After: 1500 * time.Millisecond} })
	reader, full, err := brokenPipe("full")
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close() //nolint:errcheck // nothing was read

	key := filepath.Join(servers.Scratch(t), "digest.key")
	if err := os.WriteFile(key, []byte(strings.Repeat("k", 32)), 0o600); err != nil {
		t.Fatal(err)
	}
	windows := func(redis *servers.Redis) string {
		return fmt.Sprintf("[class.base]\nrecipients = 100\n[[class.base.window]]\nper = \"1h\"\nrecipients = 1000\n[class.premium]\nrecipients = 5000\n"+
			"[store]\nkind = \"redis\"\naddresses = [%q]\ndigest_key_file = %q\n", redis.Address(), key)
	}
	ldap := func(urls ...string) string {
		return fmt.Sprintf("[directory]\nsource = \"ldap\"\npreset = \"inetorgperson\"\nservers = [\"%s\"]\nbase = %q\ntimeout = \"8s\"\n",
			strings.Join(urls, `", "`), slapd.Base())
	}
	relays := map[string]*watchedRelay{
		"good":    startWatched(t, nil, windows(redis)+ldap(slapd.URL())),
		"noredis": startWatched(t, nil, windows(gone)+ldap(slapd.URL())),
		"noldap":  startWatched(t, nil, ldap(down.URL())),
		"half":    startWatched(t, nil, "[class.base]\nrecipients = 100\n"+ldap(down.URL(), slapd.URL())),
		"slow":    startWatched(t, nil, "[class.base]\nrecipients = 100\n"+ldap(slow.URL())),
		"stopped": startWatched(t, nil, "[class.base]\nrecipients = 1\n"),
		"unended": startWatched(t, nil, ""),
		"mistake": startWatched(t, nil, "[class.base]\nrecipients = 100\n"),
		"nolog":   startWatched(t, full, "[class.base]\nrecipients = 100\n"),
	}
	gone.Stop()
	down.Stop()
	if err := os.WriteFile(relays["mistake"].config, []byte("recipients = 100\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := relays["mistake"].process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	want := map[string][]string{
		"down":    {"RcptquotaDown"},
		"noredis": {"RcptquotaDegraded", "RcptquotaRedisAway", "RcptquotaRosterInDoubt"}, // the roster is in Redis, too
		"noldap":  {"RcptquotaDegraded", "RcptquotaDirectoryAway", "RcptquotaDirectoryServerAway"},
		"half":    {"RcptquotaDirectoryServerAway"},
		"slow":    {"RcptquotaSlow"},
		"stopped": {"RcptquotaManyStopped"},
		"unended": {"RcptquotaUnendedMessages"},
		"mistake": {"RcptquotaReloadFailed"},
		"nolog":   {"RcptquotaLogRecordsDropped"},
	}
	targets := []servers.Target{{Instance: "down", Address: "127.0.0.1:1"}}
	for name, relay := range relays {
		targets = append(targets, servers.Target{Instance: name, Address: relay.metrics})
	}
	prometheus := servers.StartPrometheus(t, rules(t, `(?m)^ +for: .*\n`), targets)
	if !servers.Wait(func() bool {
		n, err := prometheus.Query(`up{job="rcptquota"} == 1`)
		return n == len(relays) && err == nil
	}) {
		t.Fatal("not all relays are watched")
	}
	ctx, cancel := context.WithCancel(t.Context())
	var sending sync.WaitGroup
	for name, relay := range relays {
		sending.Go(func() { relay.keepSending(ctx, name) })
	}
	defer sending.Wait()
	defer cancel()
	var firing map[string][]string
	for range 5 { // the flood of the log takes its time
		if servers.Wait(func() bool { firing = alerts(prometheus); return reflect.DeepEqual(firing, want) }) {
			break
		}
	}
	for _, name := range slices.Sorted(maps.Keys(want)) {
		if !slices.Equal(firing[name], want[name]) {
			t.Errorf("%s: %v fire, want %v", name, firing[name], want[name])
		}
	}
	if found := firing["good"]; len(found) > 0 {
		t.Errorf("without a fault, %v fire", found)
	}
	tryDashboard(t, prometheus)
}

// keepSending sends what shows the fault of a relay.
func (r *watchedRelay) keepSending(ctx context.Context, name string) {
	recipients, untilData, queueID, at := 1, false, "", 1
	switch name {
	case "stopped":
		recipients, at = 2, 4
	case "unended":
		untilData = true
	case "nolog":
		queueID, at = strings.Repeat("x", 5000), 4
	case "slow":
		at = 4
	}
	var all sync.WaitGroup
	for range at {
		all.Go(func() {
			ticker := time.NewTicker(20 * time.Millisecond)
			defer ticker.Stop()
			for ctx.Err() == nil {
				<-ticker.C
				r.send(recipients, untilData, queueID)
			}
		})
	}
	all.Wait()
}

// alerts are the names of the firing alerts, each once, by relay.
func alerts(p *servers.Prometheus) map[string][]string {
	firing := p.Firing()
	for name, found := range firing {
		slices.Sort(found)
		firing[name] = slices.Compact(found)
	}
	return firing
}

// variables are what Grafana replaces in an expression.
var variables = strings.NewReplacer("$instance", ".*", "$__rate_interval", "1m")

// tryDashboard evaluates each expression of the dashboard.
func tryDashboard(t *testing.T, p *servers.Prometheus) {
	t.Helper()
	text, err := os.ReadFile("../deploy/postfix/grafana-dashboard.json")
	if err != nil {
		t.Fatal(err)
	}
	var dashboard any
	if err := json.Unmarshal(text, &dashboard); err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, expression := range expressions(dashboard) {
		n++
		if _, err := p.Query(variables.Replace(expression)); err != nil {
			t.Errorf("%s: %v", expression, err)
		}
	}
	if n < 30 {
		t.Errorf("%d expressions", n)
	}
}

// expressions are the values of all fields expr.
func expressions(of any) (found []string) {
	switch of := of.(type) {
	case []any:
		for _, value := range of {
			found = append(found, expressions(value)...)
		}
	case map[string]any:
		for key, value := range of {
			if text, ok := value.(string); ok && key == "expr" {
				found = append(found, text)
			} else {
				found = append(found, expressions(value)...)
			}
		}
	}
	return found
}
