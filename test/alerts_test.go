//go:build servers

package test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/rcptquota/rcptquota/milter"
	"github.com/rcptquota/rcptquota/test/servers"
)

// hook is a webhook that keeps what it gets.
type hook struct {
	mu    sync.Mutex
	texts []string // "kind: text"
}

func (h *hook) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var alert struct{ Kind, Text string }
	if err := json.NewDecoder(r.Body).Decode(&alert); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.texts = append(h.texts, alert.Kind+": "+alert.Text)
}

// told is what came, a line for each alert.
func (h *hook) told() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return strings.Join(h.texts, "\n")
}

// count is how many alerts of a kind came.
func (h *hook) count(kind string) (n int) {
	for text := range strings.Lines(h.told()) {
		if strings.HasPrefix(text, kind+": ") {
			n++
		}
	}
	return n
}

// TestAlertsOfThreeRelays: three relays of one Redis raise an alert once, by mail and to a
// webhook. No alert names a recipient, and mail does not wait for them.
func TestAlertsOfThreeRelays(t *testing.T) {
	redis, sink, hook := servers.StartRedis(t), servers.StartSink(t), &hook{}
	server := httptest.NewServer(hook)
	defer server.Close()
	key := filepath.Join(servers.Scratch(t), "digest.key")
	if err := os.WriteFile(key, []byte(strings.Repeat("k", 32)), 0o600); err != nil {
		t.Fatal(err)
	}
	config := fmt.Sprintf("[class.base]\nrecipients = 50\n[[class.base.window]]\nper = \"1h\"\nrecipients = 100\n"+
		"[store]\nkind = \"redis\"\naddresses = [%q]\ndigest_key_file = %q\n"+
		"[alerts]\nenabled = true\nafter = \"1s\"\nmail_to = [\"postmaster@example.org\"]\nsmtp = %q\nwebhook = %q\n",
		redis.Address(), key, sink.Address, server.URL+"/secret")
	var relays []*watchedRelay
	for i := range 3 {
		relays = append(relays, startWatched(t, nil, fmt.Sprintf("hostname = \"mx%d\"\n", i)+config))
	}
	send := func(r *watchedRelay, login string, from, to int, want string) {
		t.Helper()
		probe := milter.Probe{Client: netip.MustParseAddr("192.0.2.1"), Login: login, From: "a@example.org", QueueID: "4F1"}
		for i := from; i < to; i++ {
			probe.Recipients = append(probe.Recipients, fmt.Sprintf("parent%d@example.org", i))
		}
		if reply, err := probe.Run(r.milter); err != nil || !strings.HasPrefix(reply, want) || (want == "") != (reply == "") {
			t.Errorf("%s to %d: %q, %v", login, to-from, reply, err)
		}
	}
	for _, relay := range relays {
		send(relay, "anne", 0, 51, "550 5.5.3 ")
		send(relay, "anne", 0, 52, "550 5.5.3 ")
	}
	send(relays[0], "bruno", 0, 50, "")
	send(relays[1], "bruno", 50, 79, "")
	for _, relay := range relays {
		send(relay, "chloe", 0, 40, "")
		send(relay, "bruno", 78, 80, "") // the 80th
	}
	told := func(refusals, windows int) func() bool {
		return func() bool {
			return hook.count("refusal") == refusals && hook.count("window") == windows && len(sink.Deliveries()) == refusals+windows
		}
	}
	if !servers.Wait(told(1, 1)) {
		t.Fatalf("posted %q, mailed %v", hook.told(), sink.Deliveries())
	}
	send(relays[2], "dora", 0, 60, "550 5.5.3 ") // by now, all have dealt with the others
	if !servers.Wait(told(2, 1)) {
		t.Fatalf("posted %q, mailed %v", hook.told(), sink.Deliveries())
	}
	for _, text := range []string{
		"refusal: A message of anne was refused for the first time today: it has 51 recipients, and the limit is 50.",
		"window: bruno has used 80 of the 100 recipients of 1h (80 %).",
	} {
		if !strings.Contains(hook.told(), text) {
			t.Errorf("lacks %q: %q", text, hook.told())
		}
	}
	if err := sink.Await(regexp.MustCompile(`(?s)RCPT TO:<postmaster@example\.org>.*\nrelay: +mx\d\nreference: +4F1\nsender: +anne\n`), 1); err != nil {
		t.Error(err)
	}
	if named := sink.Grep(regexp.MustCompile(`parent\d`)); len(named) > 0 {
		t.Errorf("names a recipient: %v", named)
	}
	redis.Stop()
	for i, relay := range relays {
		send(relay, fmt.Sprint("emma", i), 0, 1, "")
	}
	degraded := func() bool { return hook.count("degraded") == len(relays) } // nobody can tell the others
	waited := servers.Wait(degraded)
	if !waited && !servers.Wait(degraded) { // ten seconds have to pass before it is told
		t.Errorf("posted %q", hook.told())
	}
}
