package service

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rcptquota/rcptquota/cmd/rcptquota/config"
	"github.com/rcptquota/rcptquota/quota"
	"github.com/rcptquota/rcptquota/quota/history"
)

// asked asks a relay as its commands do.
func asked[T any](t *testing.T, s *Service, method, path string, body any) (value T, status int) {
	t.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	answer := httptest.NewRecorder()
	s.handlers().ServeHTTP(answer, httptest.NewRequestWithContext(t.Context(), method, path, bytes.NewReader(text)))
	if answer.Code == http.StatusOK {
		if err := json.Unmarshal(answer.Body.Bytes(), &value); err != nil {
			t.Fatalf("%v in %s", err, answer.Body)
		}
	}
	return value, answer.Code
}

// startService opens a configuration with an empty directory in a file; its log is in text.
func startService(t *testing.T, rules string) (s *Service, text *bytes.Buffer) {
	t.Helper()
	dir := t.TempDir()
	file := filepath.Join(dir, "rcptquota.toml")
	if err := os.WriteFile(file, fmt.Appendf(nil, "state_dir = %q\n%s", dir, rules), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := config.Load(file)
	if err != nil {
		t.Fatal(err)
	}
	text = &bytes.Buffer{}
	log := slog.New(slog.NewTextHandler(text, nil))
	parts, err := openParts(t.Context(), c, &stores{}, log, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := parts.close(); err != nil {
			t.Error(err)
		}
	})
	s = &Service{log: log}
	s.inForce.Store(parts)
	return s, text
}

// addresses are n of a domain.
func addresses(n int, domain string) (all []string) {
	for i := range n {
		all = append(all, fmt.Sprintf("recipient%d@%s", i, domain))
	}
	return all
}

// TestExplainRefuses: what no message has is told, and costs nothing.
func TestExplainRefuses(t *testing.T) {
	s, _ := startService(t, "")
	for _, in := range []ExplainRequest{
		{},
		{Login: strings.Repeat("x", 1025)},
		{Login: "anne", Count: -1},
		{Login: "anne", Count: mostCount + 1},
		{Login: "anne", Recipients: []string{"@x.test"}},
		{Login: "anne", Recipients: []string{"x@"}},
	} {
		if _, status := asked[SenderExplanation](t, s, http.MethodPost, "/explain/sender", in); status != http.StatusBadRequest {
			t.Errorf("%+v: status %d", in, status)
		}
	}
	flood := ExplainRequest{Login: "anne", Recipients: addresses(100_000, "example.org")}
	if _, status := asked[SenderExplanation](t, s, http.MethodPost, "/explain/sender", flood); status != http.StatusRequestEntityTooLarge {
		t.Errorf("100,000 recipients: status %d", status)
	}
}

// TestExplainMany: of many lists the first are told, and nothing of it is logged.
func TestExplainMany(t *testing.T) {
	s, log := startService(t, "[lists]\ndomains = [\"l.test\"]\n")
	in := ExplainRequest{Login: "<b>\x1b[2J\n", Recipients: addresses(20_000, "l.test"), Count: 100_000}
	e, status := asked[SenderExplanation](t, s, http.MethodPost, "/explain/sender", in)
	if status != http.StatusOK || len(e.Recipients) != mostLists || e.MoreRecipients != 20_000-mostLists {
		t.Fatalf("status %d, %d told, %d more", status, len(e.Recipients), e.MoreRecipients)
	}
	if e.Login != in.Login || e.Verdict.Action != quota.Refuse.String() || e.Verdict.Recipients != 120_000 || e.Directory.Answer != "absent" {
		t.Errorf("%+v", e.Verdict)
	}
	if strings.Contains(log.String(), "recipient") {
		t.Errorf("logged: %s", log)
	}
}

// TestWithoutWindows: where nothing is counted, that is told.
func TestWithoutWindows(t *testing.T) {
	s, log := startService(t, "")
	if _, status := asked[UsageReport](t, s, http.MethodGet, "/usage", nil); status != http.StatusNotFound {
		t.Errorf("usage: status %d", status)
	}
	if _, status := asked[SenderUsage](t, s, http.MethodGet, "/usage/sender?login=anne", nil); status != http.StatusNotFound {
		t.Errorf("usage of one: status %d", status)
	}
	if _, status := asked[Reset](t, s, http.MethodPost, "/reset", ResetRequest{Login: "anne", Why: "a test"}); status != http.StatusNotFound {
		t.Errorf("reset: status %d", status)
	}
	e, status := asked[SenderExplanation](t, s, http.MethodPost, "/explain/sender", ExplainRequest{Login: "anne"})
	if status != http.StatusOK || e.Verdict != nil || len(e.Usage.Windows) != 0 {
		t.Errorf("explain: status %d, %+v", status, e)
	}
	if log.Len() > 0 && strings.Contains(log.String(), "windows_reset") {
		t.Errorf("logged: %s", log)
	}
}

// TestAskingRefuses: other questions that make no sense.
func TestAskingRefuses(t *testing.T) {
	s, log := startService(t, "[class.all]\nrecipients = 5\n[[class.all.window]]\nper = \"1h\"\nrecipients = 5\n")
	for _, path := range []string{
		"/usage?most=0", "/usage?most=x", "/usage?most=1000000", "/usage/sender", "/usage/sender?login=" + strings.Repeat("x", 1025),
		"/list", "/list?address=" + url.QueryEscape("no address"), "/complete?kind=passwords",
	} {
		if _, status := asked[any](t, s, http.MethodGet, path, nil); status != http.StatusBadRequest {
			t.Errorf("%.50s: status %d", path, status)
		}
	}
	for _, in := range []ResetRequest{{"anne", ""}, {"anne", "two\nlines"}, {"anne", strings.Repeat("x", history.MaxWhy+1)}, {"", "a test"}} {
		if _, status := asked[Reset](t, s, http.MethodPost, "/reset", in); status != http.StatusBadRequest {
			t.Errorf("%.50v: status %d", in, status)
		}
	}
	if _, status := asked[Reset](t, s, http.MethodPost, "/reset", ResetRequest{"nobody", "a test"}); status != http.StatusNotFound {
		t.Errorf("reset of nobody: status %d", status)
	}
	if strings.Contains(log.String(), "windows_reset") {
		t.Errorf("logged: %s", log)
	}
}

// TestCompletions: no word acts on a shell.
func TestCompletions(t *testing.T) {
	for _, word := range []string{"anne", "anne.durand@ac-test.fr", "élodie", "a+b_c%d"} {
		if unsafeWord(word) {
			t.Errorf("%q is left out", word)
		}
	}
	for _, word := range []string{"$(id)", "a b", "`id`", "a;b", "a\nb", "\x1b[2J", "'", "a:b", "\u202e"} {
		if !unsafeWord(word) {
			t.Errorf("%q is offered", word)
		}
	}
}
