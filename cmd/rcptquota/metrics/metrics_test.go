package metrics

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/rcptquota/rcptquota/milter"
	"github.com/rcptquota/rcptquota/milter/reply"
	"github.com/rcptquota/rcptquota/quota"
	"github.com/rcptquota/rcptquota/quota/counter"
	"github.com/rcptquota/rcptquota/test/servers"
)

// refusing refuses every message, and cannot settle.
type refusing struct{}

func (refusing) Judge(context.Context, *quota.Message) quota.Verdict {
	return quota.Verdict{Action: quota.Refuse, Reason: quota.MessageLimit, Facts: quota.Facts{Class: "entmip", Recipients: 501, Degraded: true}}
}

func (refusing) JudgeHeader(v *quota.Verdict, _ *quota.Header) quota.Verdict {
	return quota.Verdict{Action: quota.Refuse, Reason: quota.ListFrom, Facts: quota.Facts{Class: v.Class}}
}

func (refusing) Settle(context.Context, quota.Ticket, bool) error {
	return errors.New("away")
}

func TestMetrics(t *testing.T) {
	m := New()
	judge := Measured{refusing{}, m}
	for range 2 {
		if v := judge.Judge(t.Context(), &quota.Message{}); v.Action != quota.Refuse {
			t.Errorf("the verdict became %v", v.Action)
		}
	}
	if v := judge.JudgeHeader(&quota.Verdict{Action: quota.Accept, Facts: quota.Facts{Class: "entmip"}}, &quota.Header{}); v.Action != quota.Refuse {
		t.Errorf("the verdict on the header became %v", v.Action)
	}
	if judge.Settle(t.Context(), quota.Ticket{}, false) == nil {
		t.Error("the error is lost")
	}

	m.Watch(milter.NewServer(milter.Rules{Policy: judge, Replies: &reply.Replies{}}, slog.New(slog.DiscardHandler)), func() Watched {
		return Watched{Listeners: []string{"inet:127.0.0.1:8891", "systemd:submission"}}
	})

	ln, err := (&Config{Address: "127.0.0.1:0"}).Listen()
	if err != nil {
		t.Fatal(err)
	}
	address := ln.Addr().String()
	ctx, cancel := context.WithCancel(t.Context())
	var ready atomic.Bool
	ended := make(chan error)
	go func() { ended <- m.ServeHTTP(ctx, ln, &ready) }()
	if !servers.Wait(func() bool { status, _ := servers.Get(t, address, "/healthz"); return status == http.StatusOK }) {
		t.Fatal("/healthz does not answer")
	}
	if status, _ := servers.Get(t, address, "/readyz"); status != http.StatusServiceUnavailable {
		t.Errorf("/readyz before it is ready: %d", status)
	}
	ready.Store(true)
	if status, _ := servers.Get(t, address, "/readyz"); status != http.StatusOK {
		t.Errorf("/readyz: %d", status)
	}
	_, body := servers.Get(t, address, "/metrics")
	for _, want := range []string{
		`rcptquota_verdicts_total{action="refused",class="entmip",reason="message_limit",role="submission"} 2`,
		`rcptquota_recipients_total{action="refused",class="entmip",role="submission"} 1002`,
		`rcptquota_degraded_total 2`,
		`rcptquota_end_verdicts_total{action="refused",class="entmip",reason="list_from"} 1`,
		`rcptquota_settle_errors_total 1`,
		`rcptquota_unended_messages_total{listener="inet:127.0.0.1:8891"} 0`,
		`rcptquota_unended_messages_total{listener="systemd:submission"} 0`,
		`rcptquota_decision_seconds_count 2`,
	} {
		if !strings.Contains(body, want+"\n") {
			t.Errorf("/metrics lacks %s", want)
		}
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// The gauge tells that Redis is away; without Redis there is none.
func TestMetricStoreAway(t *testing.T) {
	dir := t.TempDir()
	key := filepath.Join(dir, "key")
	if err := os.WriteFile(key, []byte(strings.Repeat("k", 32)), 0o600); err != nil {
		t.Fatal(err)
	}
	config := counter.DefaultConfig()
	config.Kind, config.DigestKeyFile = "redis", key
	config.Addresses = []string{fmt.Sprintf("127.0.0.1:%d", servers.FreePort(t))}
	store, err := counter.Open(config, dir)
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close() //nolint:errcheck // nothing is counted
	m := New()
	var now Watched
	m.Watch(nil, func() Watched { return now })
	if storeAway(t, m) != -1 {
		t.Error("a gauge without Redis")
	}
	now.Store = store
	if !servers.Wait(func() bool { return storeAway(t, m) == 1 }) {
		t.Errorf("nobody listens there, and the gauge is %v", storeAway(t, m))
	}
}

// storeAway is the gauge's value; -1 if there is none.
func storeAway(t *testing.T, m *Metrics) float64 {
	t.Helper()
	families, err := m.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() == "rcptquota_store_away" {
			return f.GetMetric()[0].GetGauge().GetValue()
		}
	}
	return -1
}
