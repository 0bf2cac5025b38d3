//go:build servers

package service

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/rcptquota/rcptquota/cmd/rcptquota/config"
	"github.com/rcptquota/rcptquota/cmd/rcptquota/control"
	"github.com/rcptquota/rcptquota/cmd/rcptquota/metrics"
	"github.com/rcptquota/rcptquota/milter"
	"github.com/rcptquota/rcptquota/quota"
	"github.com/rcptquota/rcptquota/quota/counter"
	"github.com/rcptquota/rcptquota/quota/history"
	"github.com/rcptquota/rcptquota/test/servers"
)

// relay is a relay at one Redis with others, without its sockets.
type relay struct {
	*Service
	t   *testing.T
	log *logged
}

func startHistoryRelay(t *testing.T, redis *servers.Redis, name string) *relay {
	t.Helper()
	c := relayConfig(t, redis, "[class.all]\nrecipients = 150\n[class.large]\nrecipients = 500\n")
	c.StateDir, c.Hostname = t.TempDir(), name
	return startRelay(t, c)
}

// startRelay opens what a relay's configuration describes, until the end of the test.
func startRelay(t *testing.T, c *config.Config) *relay {
	t.Helper()
	r := &relay{t: t, log: &logged{}}
	log := slog.New(slog.NewTextHandler(r.log, nil))
	parts, err := openParts(t.Context(), c, &counter.Opener{}, log, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := parts.close(); err != nil {
			t.Error(err)
		}
	})
	r.Service = &Service{log: log, metrics: metrics.New()}
	r.inForce.Store(parts)
	r.watchForAlerts()
	return r
}

// message judges a message, and keeps its decision record, as the milter does.
func (r *relay) message(login, queueID string, n int) quota.Verdict {
	var to quota.Recipients
	for i := range n {
		to.Add(fmt.Sprintf("r%d@example.org", i))
	}
	v := r.InForce().Policy.Judge(r.t.Context(), &quota.Message{Login: login, Recipients: &to})
	r.InForce().History.Observe(&milter.Decision{Verdict: &v, QueueID: queueID, Reply: "550 5.5.3 no"})
	return v
}

func (r *relay) explain(queueID string) (*Explanation, error) {
	request, err := http.NewRequestWithContext(r.t.Context(), http.MethodGet, "/", nil)
	if err != nil {
		r.t.Fatal(err)
	}
	request.SetPathValue("reference", queueID)
	return r.explainReference(request)
}

func (r *relay) wait(what string, until func() bool) {
	r.t.Helper()
	if !servers.Wait(until) {
		r.t.Fatalf("%s: that does not happen; the log:\n%s", what, r.log.text.String())
	}
}

// TestHistoryOfTwoRelays: what one relay refused, the other explains, and what is granted
// at one counts at the other. While Redis is away mail goes on, and grants stay.
func TestHistoryOfTwoRelays(t *testing.T) {
	redis := servers.StartRedis(t, "--appendonly", "yes", "--appendfsync", "always")
	one, two := startHistoryRelay(t, redis, "mx1"), startHistoryRelay(t, redis, "mx2")
	if v := one.message("anne", "4F1", 151); v.Action != quota.Refuse {
		t.Fatalf("%+v", v)
	}
	var found *Explanation
	two.wait("it is explained", func() bool {
		var err error
		found, err = two.explain("4F1")
		return err == nil
	})
	m := found.Messages[0]
	if m.Relay != "mx1" || m.Sender != "anne" || m.Reply != "550 5.5.3 no" || m.Now.Passes || m.Rule != "it has 151 recipients, and one message may have 150, in class all" {
		t.Errorf("%+v", m)
	}
	g, err := history.NewGrant(history.Grant{Login: "anne", Recipients: 10, Until: time.Now().Add(time.Hour), Why: "a trip"}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if err := one.InForce().History.Book.Add(t.Context(), g); err != nil {
		t.Fatal(err)
	}
	two.wait("it is granted there, too", func() bool { return two.message("anne", "4F2", 160).Action == quota.Accept })
	if found, err := two.explain("4F1"); err != nil || !found.Messages[0].Now.Passes || found.Messages[0].Now.Granted != 10 {
		t.Errorf("%+v, %v", found, err)
	}

	redis.Stop()
	if v := two.message("anne", "4F3", 160); v.Action != quota.Accept || v.Granted != 10 {
		t.Errorf("while Redis is away: %+v", v)
	}
	if v := two.message("anne", "4F4", 161); v.Action != quota.Refuse {
		t.Errorf("while Redis is away: %+v", v)
	}
	two.wait("it is told", func() bool { return two.log.has("msg=history_unavailable") && two.log.has("msg=grants_unavailable") })
	_, err = two.explain("4F1")
	if told, ok := errors.AsType[*control.Error](err); !ok || told.Status != http.StatusServiceUnavailable {
		t.Errorf("explained without Redis: %v", err)
	}
	redis.Start()
	two.wait("it is well again", func() bool { return two.log.has("msg=history_available") && two.log.has("msg=grants_available") })
	found, err = one.explain("4F4")
	if err != nil || found.Messages[0].Limit != 160 || found.Messages[0].Granted != 10 || found.Messages[0].Relay != "mx2" {
		t.Errorf("%+v, %v", found, err)
	}
	if text := two.log.text.String(); strings.Count(text, "history_unavailable") != 1 || strings.Count(text, "grants_unavailable") != 1 || strings.Contains(text, "lost") {
		t.Errorf("logged:\n%s", text)
	}
}

// TestAStartWithoutRedis: nobody knows yet what was granted, so that nothing a grant could
// allow is refused.
func TestAStartWithoutRedis(t *testing.T) {
	redis := servers.StartRedis(t)
	redis.Stop()
	r := startHistoryRelay(t, redis, "mx1")
	if v := r.message("anne", "4F1", 151); v.Action != quota.Defer || v.Reason != quota.StoreUnavailable || !errors.Is(v.Err, history.ErrUnread) {
		t.Errorf("%+v", v)
	}
	if v := r.message("anne", "4F2", 150); v.Action != quota.Accept || v.Degraded {
		t.Errorf("%+v", v)
	}
	redis.Start()
	r.wait("it is refused", func() bool { return r.message("anne", "4F3", 151).Action == quota.Refuse })
}
