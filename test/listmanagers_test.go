//go:build servers && listmanagers

package test

import (
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/rcptquota/rcptquota/test/servers"
)

// listManager is a real list manager behind Postfix and rcptquota. It has the list
// parents@listes.ac-test.fr, whose owner and three members are subscribed.
type listManager struct {
	transport string // of the list domain
	master    string // what master.cf has for it
	// start runs it in a folder; what it sends goes to an SMTP listener.
	start func(t *testing.T, dir, listener string)
}

// TestSympa proves what deploy/postfix says of Sympa, with Debian's package. It runs
// as the user sympa, with a folder of its own; the incoming spool alone is the
// package's, since Sympa's queue(8) knows no other.
func TestSympa(t *testing.T) {
	checkListManager(t, listManager{
		transport: "sympa:",
		master:    "sympa unix - n n - - pipe\n  flags=hqRu null_sender= user=sympa argv=/usr/lib/sympa/bin/queue ${user}@${domain}\n",
		start:     startSympa,
	})
}

// TestMailman proves the same of Mailman 3, as the user list.
func TestMailman(t *testing.T) {
	port := servers.FreePort(t)
	checkListManager(t, listManager{
		transport: fmt.Sprintf("lmtp:[127.0.0.1]:%d", port),
		master:    "lmtp unix - - n - - lmtp\n",
		start: func(t *testing.T, dir, listener string) {
			t.Helper()
			startMailman(t, dir, listener, port)
		},
	})
}

const listManagerConfig = `
state_dir = "%s"
[senders]
exempt_networks = ["127.0.0.1"]
[[listen]]
address = "unix:%s/submission.sock"
group = "postfix"
[[listen]]
address = "unix:%s/inbound.sock"
role = "inbound"
group = "postfix"
[lists]
domains = ["listes.ac-test.fr"]
`

const listManagerDirectory = `
[[sender]]
login = "mdurand"
addresses = ["marie.durand@ecole.test"]
[[sender]]
login = "member1"
addresses = ["member1@ecole.test"]
[[list]]
address = "parents@listes.ac-test.fr"
owners = ["mdurand"]
`

var subscribers = []string{"marie.durand@ecole.test", "member1@ecole.test", "member2@ecole.test", "member3@ecole.test"}

// checkListManager holds that the owner's post comes back out to the subscribers,
// that this counts nothing, and that nobody else writes to the list.
func checkListManager(t *testing.T, m listManager) {
	t.Helper()
	r := startBeforeManager(t, m)
	for _, c := range []struct{ listener, login, from string }{
		{"inbound", "", "stranger@elsewhere.test"},
		{"inbound", "", "marie.durand@ecole.test"},
		{"submission", "member1", "member1@ecole.test"},
	} {
		if answer := r.sendFrom(t, c.listener, c.login, c.from); answer.code != 550 {
			t.Errorf("%+v: %s", c, answer)
		}
	}
	if answer := r.sendFrom(t, "submission", "mdurand", "marie.durand@ecole.test"); answer.refused() {
		t.Fatal(answer)
	}
	for _, subscriber := range subscribers {
		copied := regexp.MustCompile(`(?s)^MAIL FROM:<parents-.*RCPT TO:<` + subscriber + `>.*\nVendredi\.`)
		if err := r.sink.Await(copied, 1); err != nil {
			t.Fatal(err, joined(r.postfix.Log))
		}
		text := r.sink.Grep(copied)[0].Text
		if regexp.MustCompile(`(?mi)^X-Sender:`).MatchString(text) || !regexp.MustCompile(`(?m)^Reply-To:\s+marie\.durand@ecole\.test$`).MatchString(text) {
			t.Errorf("X-Sender, or another Reply-To than the owner:\n%s", text)
		}
	}
	await(t, r.log, `msg=accepted .*reason=exempt_network .*client=127\.0\.0\.1`)
	counted := regexp.MustCompile(`msg=accepted`)
	if all := r.log.Grep(counted); slices.ContainsFunc(all, func(line string) bool {
		return strings.Contains(line, "client=127.0.0.1 ") && !strings.Contains(line, "reason=exempt_network")
	}) {
		t.Errorf("what the list manager sends is counted: %q", all)
	}
}

// startBeforeManager starts the relay, rcptquota and the list manager.
func startBeforeManager(t *testing.T, m listManager) *listRelay {
	t.Helper()
	dir := servers.Scratch(t)
	r := &listRelay{sink: servers.StartSink(t), log: &servers.LogFile{Path: filepath.Join(dir, "rcptquota.log")}}
	milter := func(name string) string { return "smtpd_milters = unix:" + filepath.Join(dir, name+".sock") }
	r.postfix = servers.StartPostfix(t, servers.PostfixConfig{
		Logins: true,
		Listeners: []servers.Listener{
			{Name: "submission", Options: []string{"smtpd_sasl_auth_enable = yes", milter("submission")}},
			{Name: "inbound", Options: []string{milter("inbound"), "mynetworks =", "smtpd_relay_restrictions = reject_unauth_destination", "smtpd_recipient_restrictions ="}},
		},
		Main: []string{
			"relay_domains = listes.ac-test.fr", "transport_maps = inline:{ { listes.ac-test.fr = " + m.transport + " } }",
			"sympa_destination_recipient_limit = 1", "default_transport = smtp", "relayhost = " + bracketed(r.sink.Address),
		},
		Master: "smtp unix - - n - - smtp\n" + m.master,
	})
	config := filepath.Join(dir, "rcptquota.toml")
	writeFile(t, config, fmt.Sprintf(listManagerConfig, dir, dir, dir))
	writeFile(t, filepath.Join(dir, "directory.toml"), listManagerDirectory)
	process, err := servers.StartProcess(r.log.Path, program(), "serve", "--config", config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(process.Stop)
	await(t, r.log, "msg=listening .*role=inbound")
	m.start(t, servers.Scratch(t), r.postfix.Address("submission"))
	return r
}

// sendFrom sends a post to parents, with a header by which Sympa would believe who
// sent it, as a client that is not the list manager.
func (r *listRelay) sendFrom(t *testing.T, listener, login, from string) reply {
	t.Helper()
	c, _, err := dialSMTP(r.postfix.Address(listener))
	if err != nil {
		t.Fatal(err)
	}
	defer c.close()
	for _, line := range []string{ehlo, "XCLIENT ADDR=192.0.2.7 NAME=client.test", ehlo} {
		if answer, err := c.command(line); err != nil || answer.refused() {
			t.Fatal(line, answer, err)
		}
	}
	if login != "" {
		if answer, err := c.login(login); err != nil || answer.refused() {
			t.Fatal(answer, err)
		}
	}
	for _, line := range []string{"MAIL FROM:<" + from + ">", "RCPT TO:<parents@listes.ac-test.fr>", "DATA"} {
		answer, err := c.command(line)
		if err != nil {
			t.Fatal(err)
		}
		if answer.refused() {
			return answer
		}
	}
	answer, err := c.command("From: <" + from + ">\r\nTo: parents@listes.ac-test.fr\r\nSubject: sortie\r\n" +
		"Message-ID: <1@client.test>\r\nX-Sender: listmaster@listes.ac-test.fr\r\n\r\nVendredi.\r\n.")
	if err != nil {
		t.Fatal(err)
	}
	return answer
}

// as makes a command run by a user of the system.
func as(t *testing.T, name, dir string, command ...string) *exec.Cmd {
	t.Helper()
	account, err := user.Lookup(name)
	if err != nil {
		t.Fatal(err)
	}
	uid, err := strconv.Atoi(account.Uid)
	if err != nil {
		t.Fatal(err)
	}
	gid, err := strconv.Atoi(account.Gid)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("setpriv", append([]string{"--reuid", strconv.Itoa(uid), "--regid", strconv.Itoa(gid), "--clear-groups"}, command...)...)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), "HOME="+dir)
	return cmd
}

// give gives a folder and all in it to a user.
func give(t *testing.T, name, dir string) {
	t.Helper()
	if output, err := exec.CommandContext(t.Context(), "chown", "-R", name+":", dir).CombinedOutput(); err != nil {
		t.Fatalf("chown: %v\n%s", err, output)
	}
}

// finish runs a command to its end.
func finish(t *testing.T, cmd *exec.Cmd, input string) {
	t.Helper()
	cmd.Stdin = strings.NewReader(input)
	if output, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", cmd, err, output)
	}
}

// daemon runs a command until the test ends.
func daemon(t *testing.T, log string, cmd *exec.Cmd) {
	t.Helper()
	process, err := servers.StartCommand(log, cmd)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		process.Stop()
		if t.Failed() {
			text, _ := os.ReadFile(log)
			t.Logf("%s says:\n%s", cmd, text)
		}
	})
}
