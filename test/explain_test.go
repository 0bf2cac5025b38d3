//go:build servers

package test

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/rcptquota/rcptquota/test/random"
	"github.com/rcptquota/rcptquota/test/random/site"
	"github.com/rcptquota/rcptquota/test/servers"
)

var explainCases = flag.Int("explain-cases", 20, "messages of TestExplainedThroughPostfix")

// TestExplainedThroughPostfix: a message gets the very reply from Postfix that "rcptquota
// explain" told before; only its queue id stands where the explanation has a placeholder.
func TestExplainedThroughPostfix(t *testing.T) {
	r := random.New(t)
	relay := startRelay(t)
	refused := 0
	const each = 10
	for done := 0; done < *explainCases; done += each {
		at := startSite(t, relay, site.New(random.Split(r)))
		for range each {
			m := at.site.Message()
			if at.compare(&m) {
				refused++
			}
		}
		at.stop()
	}
	t.Logf("%d of %d messages were refused", refused, *explainCases)
	if refused == 0 || refused == *explainCases {
		t.Error("all messages fared alike; the sites are too tame")
	}
}

// siteRelay is a made-up site at a relay.
type siteRelay struct {
	*testing.T
	site    *site.Site
	relay   *relay
	config  string
	process *servers.Process
}

func startSite(t *testing.T, r *relay, s *site.Site) *siteRelay {
	t.Helper()
	dir := servers.Scratch(t)
	at := &siteRelay{T: t, site: s, relay: r, config: filepath.Join(dir, "rcptquota.toml")}
	writeFile(t, filepath.Join(dir, "directory.toml"), s.Directory)
	writeFile(t, at.config, fmt.Sprintf("state_dir = %q\n%s%s[directory]\nsource = \"file\"\nfile = \"directory.toml\"\n[[listen]]\naddress = %q\ngroup = \"postfix\"\n",
		dir, s.Top, s.Tables, r.milters["submission"]))
	process, err := servers.StartCommand(filepath.Join(dir, "log"), exec.Command(program(), "serve", "--config", at.config))
	if err != nil {
		t.Fatal(err)
	}
	at.process = process
	socket := strings.TrimPrefix(r.milters["submission"], "unix:")
	if !servers.Wait(func() bool { return process.Ended() || accepts("unix", socket) }) || process.Ended() {
		text, _ := os.ReadFile(filepath.Join(dir, "log"))
		t.Fatalf("rcptquota does not start: %s\n%s%s\n%s", text, s.Top, s.Tables, s.Directory)
	}
	return at
}

func (at *siteRelay) stop() {
	at.Helper()
	if err := errors.Join(at.process.Signal(os.Interrupt), at.process.Exit()); err != nil {
		at.Error(err)
	}
	at.process.Kill()
}

// explained is what "rcptquota explain --json" tells of a verdict.
type explained struct {
	Verdict struct {
		Action string
		Passes bool
		Reply  string
		From   string
	}
}

func (at *siteRelay) explain(m *site.Message) (e explained) {
	at.Helper()
	args := append([]string{"explain", "--config", at.config, "--json", "--from", m.From, "--", m.Login}, m.To...)
	output, err := exec.CommandContext(at.Context(), program(), args...).Output()
	if exit, ok := errors.AsType[*exec.ExitError](err); err != nil && (!ok || exit.ExitCode() != 1) {
		at.Fatalf("%v %v", args, err)
	}
	if err := json.Unmarshal(output, &e); err != nil {
		at.Fatalf("%v: %v in %s", args, err, output)
	}
	return e
}

// reference is the queue id in a reply.
var reference = regexp.MustCompile(`\(r[a-z]*ference [0-9A-Za-z]+\)`)

// compare has a message explained and sends it; the replies must agree. It reports whether
// the message was refused.
func (at *siteRelay) compare(m *site.Message) (refused bool) {
	at.Helper()
	e := at.explain(m)
	got := at.send(m, e.Verdict.From)
	if e.Verdict.Passes {
		if got.refused() {
			at.Errorf("%+v would be %s, but gets %v\n%s%s\n%s", m, e.Verdict.Action, got, at.site.Top, at.site.Tables, at.site.Directory)
		}
		return false
	}
	masked := reference.ReplaceAllStringFunc(got.String(), func(found string) string {
		return found[:strings.IndexByte(found, ' ')] + " {ref})"
	})
	if masked != e.Verdict.Reply {
		at.Errorf("%+v: got\n%s, but explained was\n%s\n%s%s\n%s", m, masked, e.Verdict.Reply, at.site.Top, at.site.Tables, at.site.Directory)
	}
	return true
}

// send sends a message, and returns the reply to DATA, or to the end of the message where
// it gets so far.
func (at *siteRelay) send(m *site.Message, from string) reply {
	at.Helper()
	c, _, err := dialSMTP(at.relay.postfix.Address("submission"))
	if err != nil {
		at.Fatal(err)
	}
	defer c.close()
	tell := func(lines ...string) (last reply) {
		replies, err := c.commands(lines)
		if err != nil {
			at.Fatal(err)
		}
		return replies[len(replies)-1]
	}
	tell(ehlo)
	if r, err := c.login(m.Login); err != nil || r.refused() {
		at.Fatal(r, err)
	}
	lines := []string{"MAIL FROM:<" + from + ">"}
	for _, to := range m.To {
		lines = append(lines, "RCPT TO:<"+to+">")
	}
	tell(lines...)
	if r := tell("DATA"); r.refused() {
		return r
	}
	return tell("From: <" + from + ">\r\nSubject: a test\r\n\r\nHello\r\n.")
}
