//go:build servers

package service

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/rcptquota/rcptquota/quota"
	"github.com/rcptquota/rcptquota/test/servers"
)

// TestExplainOverRelays: what one relay counted in Redis, another explains, lists and
// forgets; while Redis is away it says so.
func TestExplainOverRelays(t *testing.T) {
	redis := servers.StartRedis(t)
	const classes = "[class.all]\nrecipients = 150\n[[class.all.window]]\nper = \"1h\"\nrecipients = 200\n"
	start := func(name string) *relay {
		c := relayConfig(t, redis, classes)
		c.StateDir, c.Hostname = t.TempDir(), name
		return startRelay(t, c)
	}
	a, b := start("a"), start("b")
	to := &quota.Recipients{}
	for i := range 120 {
		to.Add(fmt.Sprintf("r%d@example.org", i))
	}
	v := a.InForce().Policy.Judge(t.Context(), &quota.Message{Login: "Anne", Recipients: to})
	if err := a.InForce().Policy.Settle(t.Context(), v.Ticket, true); err != nil {
		t.Fatal(err)
	}
	e, _ := asked[SenderExplanation](t, b.Service, http.MethodPost, "/explain/sender", ExplainRequest{Login: "ANNE", Count: 100})
	if e.Verdict == nil || e.Verdict.Action != "deferred" || e.Verdict.Used != 120 || e.Usage.Windows[0].Used != 120 || len(e.Usage.Windows[0].Frees) == 0 {
		t.Errorf("explained: %+v", e)
	}
	top, _ := asked[UsageReport](t, b.Service, http.MethodGet, "/usage", nil)
	if len(top.Senders) != 1 || top.Senders[0].Login != "anne" || top.Senders[0].Fullest().Used != 120 || !top.Complete {
		t.Errorf("usage: %+v", top)
	}
	done, _ := asked[Reset](t, b.Service, http.MethodPost, "/reset", ResetRequest{Login: "anne", Why: "a test"})
	if done.Used != 120 || done.Problem != "" || !b.log.has("windows_reset") {
		t.Errorf("reset: %+v", done)
	}
	used, _ := asked[SenderUsage](t, a.Service, http.MethodGet, "/usage/sender?login=anne", nil)
	if used.Windows[0].Used != 0 || used.Problem != "" {
		t.Errorf("usage after the reset: %+v", used)
	}

	redis.Stop()
	e, _ = asked[SenderExplanation](t, b.Service, http.MethodPost, "/explain/sender", ExplainRequest{Login: "anne", Count: 100})
	if e.Verdict == nil || !e.Verdict.Passes || e.Usage.Problem == "" {
		t.Errorf("explained without Redis: %+v, %+v", e.Verdict, e.Usage)
	}
	top, _ = asked[UsageReport](t, b.Service, http.MethodGet, "/usage", nil)
	if top.Complete || top.Problem == "" {
		t.Errorf("usage without Redis: %+v", top)
	}
	done, _ = asked[Reset](t, b.Service, http.MethodPost, "/reset", ResetRequest{Login: "anne", Why: "a test"})
	if !strings.HasPrefix(done.Problem, "perhaps not everything was forgotten: only this relay's own count was, if there is one: ") {
		t.Errorf("reset without Redis: %+v", done)
	}
}
