package service

import (
	"encoding/json"
	"flag"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"github.com/rcptquota/rcptquota/cmd/rcptquota/config"
	"github.com/rcptquota/rcptquota/quota"
	"github.com/rcptquota/rcptquota/quota/counter"
	"github.com/rcptquota/rcptquota/quota/history"
	"github.com/rcptquota/rcptquota/test/random"
	"github.com/rcptquota/rcptquota/test/random/site"
)

var explainCases = flag.Int("explain-cases", 10_000, "messages of TestExplainedIsWhatHappens")

// TestExplainedIsWhatHappens: whatever the directory, the lists, the classes, what was
// granted and what was used, the explained verdict is the one that the same message then
// gets, with all its numbers and its reply; and asking counts nothing.
func TestExplainedIsWhatHappens(t *testing.T) {
	r := random.New(t)
	verdicts := map[string]int{}
	const each = 100
	for range *explainCases / each {
		explainSite(t, random.Split(r), each, verdicts)
	}
	t.Logf("verdicts: %v", verdicts)
	for _, want := range []string{
		"accepted ", "refused message_limit", "refused list_posting", "refused list_from", "refused window", "deferred window", "held window",
		"redirected list_posting", "would_refuse message_limit", "deferred directory_unavailable",
	} {
		if verdicts[want] == 0 {
			t.Errorf("no message was %s; the sites are too tame", want)
		}
	}
}

// explainSite plays messages at one site.
func explainSite(t *testing.T, r *rand.Rand, messages int, verdicts map[string]int) {
	t.Helper()
	s := site.New(r)
	dir := t.TempDir()
	p := openSite(t, s, dir)
	defer func() {
		if err := p.close(); err != nil {
			t.Error(err)
		}
	}()
	breaks := r.IntN(4) == 0 // the directory, half way
	for i := range messages {
		if breaks && i == messages/2 {
			breakDirectory(t, filepath.Join(dir, "directory.toml"))
		}
		if r.IntN(20) == 0 {
			grantSome(t, p, s.Login(), 1+r.IntN(10))
		}
		m := s.Message()
		v := compareExplained(t, p, s, &m)
		verdicts[v.Action.String()+" "+history.Of(v).Reason]++
		if v.Ticket != (quota.Ticket{}) {
			if err := p.Policy.Settle(t.Context(), v.Ticket, r.IntN(3) > 0); err != nil {
				t.Error(err)
			}
		}
		if t.Failed() {
			t.Fatalf("%s%s\n%s", s.Top, s.Tables, s.Directory)
		}
	}
}

// compareExplained has a message explained, and then judged, and returns the verdict.
func compareExplained(t *testing.T, p *Parts, s *site.Site, m *site.Message) *quota.Verdict {
	t.Helper()
	in := &ExplainRequest{Login: m.Login, From: m.From, Recipients: m.To}
	told := p.explainSender(t.Context(), in, time.Now())
	if again := p.explainSender(t.Context(), in, time.Now()); !reflect.DeepEqual(again.Verdict, told.Verdict) {
		t.Errorf("%+v: asked again, %+v, not %+v", m, again.Verdict, told.Verdict)
	}
	dry := p.dryRun().Judge(t.Context(), sent(s, m))
	really := p.Policy.Judge(t.Context(), sent(s, m))
	if got, want := facts(&dry), facts(&really); got != want {
		t.Errorf("%+v: judged without counting\n%s, but really\n%s", m, got, want)
	}
	if !reflect.DeepEqual(dry.Posting, really.Posting) {
		t.Errorf("%+v: to do at its end\n%+v, but really\n%+v", m, dry.Posting, really.Posting)
	}
	want := history.Of(&really)
	want.Role = quota.Submission.String()
	if !really.Action.Passes() {
		want.Reply = p.replies.Text(&really, reference)
	}
	if got := told.Verdict.Record; inJSON(got) != inJSON(want) || told.Verdict.Passes != really.Action.Passes() || told.Verdict.Note != text(really.Err) {
		t.Errorf("%+v: explained as\n%s %s, but really\n%s %v", m, inJSON(got), told.Verdict.Note, inJSON(want), really.Err)
	}
	if told.Class.Name != really.Class && really.Class != "" {
		t.Errorf("%+v: explained as class %s, but really %s", m, told.Class.Name, really.Class)
	}
	return &really
}

// sent is the message as Postfix shows it.
func sent(s *site.Site, m *site.Message) *quota.Message {
	to := &quota.Recipients{}
	for _, recipient := range m.To {
		to.Add(recipient)
	}
	return &quota.Message{
		Client: netip.MustParseAddr("192.0.2.1"), Login: m.Login, EnvelopeSender: s.Sender(m), Recipients: to,
		Forms: func(string) int { return 1 },
	}
}

// facts are all that a verdict says.
func facts(v *quota.Verdict) string {
	f := v.Facts
	f.Err = nil
	return fmt.Sprintf("%v %v %v %+v %s", v.Action, v.Reason, v.FromFault, f, text(v.Err))
}

func inJSON(value any) string {
	text, err := json.Marshal(value)
	if err != nil {
		return err.Error()
	}
	return string(text)
}

func openSite(t *testing.T, s *site.Site, dir string) *Parts {
	t.Helper()
	file := filepath.Join(dir, "rcptquota.toml")
	write := func(path, text string) {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(file, fmt.Sprintf("state_dir = %q\n%s%s[directory]\nsource = \"file\"\nfile = \"directory.toml\"\n", dir, s.Top, s.Tables))
	write(filepath.Join(dir, "directory.toml"), s.Directory)
	c, err := config.Load(file)
	if err != nil {
		t.Fatalf("%v\n%s%s", err, s.Top, s.Tables)
	}
	p, err := openParts(t.Context(), c, &counter.Opener{}, slog.New(slog.DiscardHandler), nil)
	if err != nil {
		t.Fatalf("%v\n%s", err, s.Directory)
	}
	return p
}

// breakDirectory makes a mistake in a directory's file, long enough ago that it is read at
// once.
func breakDirectory(t *testing.T, path string) {
	t.Helper()
	if err := os.WriteFile(path, []byte("surname = \"Durand\""), 0o600); err != nil {
		t.Fatal(err)
	}
	past := time.Now().Add(-time.Hour)
	if err := os.Chtimes(path, past, past); err != nil {
		t.Fatal(err)
	}
}

func grantSome(t *testing.T, p *Parts, login string, n int) {
	t.Helper()
	g := history.Grant{Login: login, Recipients: n, Until: time.Now().Add(24 * time.Hour), Why: "a test"}
	if sender, err := p.Directory.Sender(t.Context(), login); err == nil {
		g.Sender = sender.ID
	}
	made, err := history.NewGrant(g, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if err := p.History.Book.Add(t.Context(), made); err != nil {
		t.Fatal(err)
	}
}
