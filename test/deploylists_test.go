//go:build servers

package test

import (
	"fmt"
	"net/mail"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/rcptquota/rcptquota/test/servers"
)

// listRelay is a relay that expands lists by itself, with the files of
// deployFolder as they are, but for the list domain, the LDAP server, the paths,
// and where mail leaves to.
type listRelay struct {
	postfix *servers.Postfix
	sink    *servers.Sink
	log     *servers.LogFile
	members []string
}

const memberCount = 40

func startListRelay(t *testing.T) *listRelay {
	t.Helper()
	dir := servers.Scratch(t)
	slapd := servers.StartSlapd(t)
	r := &listRelay{sink: servers.StartSink(t), log: &servers.LogFile{Path: filepath.Join(dir, "rcptquota.log")}}
	slapd.Add(r.tree())
	deployed := func(name string) string {
		return strings.NewReplacer(
			"/etc/postfix/", dir+"/",
			"ldaps://ldap1.ac-test.fr ldaps://ldap2.ac-test.fr", slapd.URL(),
			"cn=rcptquota,ou=services,dc=ac-test,dc=fr", slapd.BindDN(),
			`relay\.ac-test\.fr`, `relay\.test`,
			"change-me", slapd.Password(),
			"dc=ac-test,dc=fr", slapd.Base(),
		).Replace(deployFile(t, name))
	}
	for _, name := range []string{
		"lists-known.cf", "lists-members.cf", "lists-owners.cf",
		"lists-sender.regexp", "lists-owner.regexp", "lists-nolist.regexp", "lists-noowner.regexp", "lists-copies.regexp",
	} {
		path := filepath.Join(dir, name)
		writeFile(t, path, deployed(name))
		if err := os.Chmod(path, 0o644); err != nil { // for the user postfix
			t.Fatal(err)
		}
	}
	milter := func(name string) string { return "smtpd_milters = unix:" + filepath.Join(dir, name+".sock") }
	r.postfix = servers.StartPostfix(t, servers.PostfixConfig{
		Logins: true,
		Listeners: []servers.Listener{
			{Name: "submission", Options: []string{"smtpd_sasl_auth_enable = yes", milter("submission")}},
			{Name: "inbound", Options: []string{milter("inbound"), "mynetworks =", "smtpd_relay_restrictions = reject_unauth_destination", "smtpd_recipient_restrictions ="}},
		},
		Main:   append(settings(deployed("lists-main.cf")), "default_transport = smtp", "relayhost = "+bracketed(r.sink.Address)),
		Master: "smtp unix - - n - - smtp\n" + strings.ReplaceAll(deployed("lists-master.cf"), "-      -       y ", "- - n "),
	})
	config := filepath.Join(dir, "rcptquota.toml")
	writeFile(t, config, fmt.Sprintf(listRelayConfig, dir, dir, dir, slapd.URL(), slapd.Base()))
	process, err := servers.StartProcess(r.log.Path, program(), "serve", "--config", config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(process.Stop)
	await(t, r.log, "msg=listening .*role=inbound")
	return r
}

const listRelayConfig = `
state_dir = "%s"
[[listen]]
address = "unix:%s/submission.sock"
group = "postfix"
[[listen]]
address = "unix:%s/inbound.sock"
role = "inbound"
group = "postfix"
[directory]
source = "ldap"
servers = [%q]
base = %q
list_moderators = ["rqModerator"]
[lists]
domains = ["listes.ac-test.fr"]
`

// tree has an owner, and the list parents with members, one of whom has gone; the
// list council, which has no owner, and staff, whose owner is the former.
func (r *listRelay) tree() string {
	var b strings.Builder
	person := func(uid, address string) string {
		fmt.Fprintf(&b, "dn: uid=%s,ou=people,dc=ent,dc=test\nobjectClass: ENTPerson\nuid: %s\nENTPersonLogin: %s\n"+
			"cn: %s\nsn: %s\nmail: %s\nENTPersonAutresMails: %s@private.test\n\n", uid, uid, uid, uid, uid, address, uid)
		return "uid=" + uid + ",ou=people,dc=ent,dc=test"
	}
	owner := person("mdurand", "marie.durand@ecole.test")
	var list strings.Builder
	list.WriteString("dn: cn=parents,ou=lists,dc=ent,dc=test\nobjectClass: groupOfNames\nobjectClass: rqList\ncn: parents\n" +
		"mail: parents@listes.ac-test.fr\nowner: " + owner + "\nmember: " + person("gone", "gone@ecole.test") + "\n")
	for i := range memberCount {
		address := fmt.Sprintf("member%d@ecole%d.test", i, i%2)
		list.WriteString("member: " + person(fmt.Sprintf("member%d", i), address) + "\n")
		r.members = append(r.members, address)
	}
	return b.String() + list.String() + fmt.Sprintf(`
dn: cn=council,ou=lists,dc=ent,dc=test
objectClass: groupOfNames
objectClass: rqList
cn: council
mail: council@listes.ac-test.fr
rqModerator: %s
member: uid=member0,ou=people,dc=ent,dc=test

dn: cn=staff,ou=lists,dc=ent,dc=test
objectClass: groupOfNames
objectClass: rqList
cn: staff
mail: staff@listes.ac-test.fr
owner: cn=council,ou=lists,dc=ent,dc=test
member: uid=member1,ou=people,dc=ent,dc=test
`, owner)
}

// send sends one message and returns the reply that decides about it.
func (r *listRelay) send(t *testing.T, listener, login, from string, to ...string) reply {
	t.Helper()
	c, _, err := dialSMTP(r.postfix.Address(listener))
	if err != nil {
		t.Fatal(err, joined(r.postfix.Log))
	}
	defer c.close()
	say := func(line string) (last reply) {
		t.Helper()
		if last, err = c.command(line); err != nil {
			t.Fatalf("%.20s: %v\n%s", line, err, joined(r.postfix.Log))
		}
		return last
	}
	say(ehlo)
	if login != "" {
		if answer, err := c.login(login); err != nil || answer.refused() {
			t.Fatal(answer, err)
		}
	}
	lines := []string{"MAIL FROM:<" + from + ">"}
	for _, address := range to {
		lines = append(lines, "RCPT TO:<"+address+">")
	}
	for _, line := range append(lines, "DATA") {
		if answer := say(line); answer.refused() {
			return answer
		}
	}
	return say("From: <" + from + ">\r\nTo: " + strings.Join(to, ", ") + "\r\nSubject: sortie\r\nReply-To: elsewhere@private.test\r\n\r\nVendredi.\r\n.")
}

// sendmail sends an empty message from this machine, as sendmail(1) does.
func (r *listRelay) sendmail(t *testing.T, to string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "sendmail", "-C", filepath.Join(r.postfix.Dir, "etc"), to)
	if output, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("sendmail: %v\n%s", err, output)
	}
}

// TestDeployedLists: a post reaches each member alone, replies and bounces the
// owner alone.
func TestDeployedLists(t *testing.T) {
	r := startListRelay(t)
	if answer := r.send(t, "submission", "mdurand", "marie.durand@ecole.test", "parents@listes.ac-test.fr"); answer.refused() {
		t.Fatal(answer)
	}
	copies := regexp.MustCompile(`(?m)^MAIL FROM:<owner-parents@listes\.ac-test\.fr>$`)
	if err := r.sink.Await(copies, memberCount); err != nil {
		t.Fatal(err, joined(r.postfix.Log))
	}
	t.Run("copies", func(t *testing.T) { r.checkCopies(t, r.sink.Grep(copies)) })
	t.Run("bounce", func(t *testing.T) {
		bounce := regexp.MustCompile(`(?ms)^MAIL FROM:<>\nRCPT TO:<marie\.durand@ecole\.test>\nReceived.*gone@ecole\.test`)
		if err := r.sink.Await(bounce, 1); err != nil {
			t.Error(err, joined(r.postfix.Log))
		}
	})
	t.Run("bounce from elsewhere", func(t *testing.T) {
		r.sink.Forget()
		for _, address := range []string{"owner-parents@listes.ac-test.fr", "owner-parents+x@listes.ac-test.fr"} {
			if answer := r.send(t, "inbound", "", "", address); answer.refused() {
				t.Fatal(answer)
			}
		}
		if err := r.sink.Await(regexp.MustCompile(`^MAIL FROM:<>\nRCPT TO:<marie\.durand@ecole\.test>\nReceived`), 2); err != nil {
			t.Error(err)
		}
	})
	t.Run("no owner", func(t *testing.T) { r.checkNoOwner(t) })
	t.Run("who may not", func(t *testing.T) { r.checkClosed(t) })
}

// checkNoOwner: what goes to the owner of a list that has none, or has another
// list for an owner, reaches postmaster, and never a member; the list works.
func (r *listRelay) checkNoOwner(t *testing.T) {
	t.Helper()
	r.sink.Forget()
	for _, list := range []string{"council", "staff", "nobodys"} {
		if answer := r.send(t, "inbound", "", "", "owner-"+list+"@listes.ac-test.fr"); answer.refused() {
			t.Error(answer)
		}
		await(t, r.postfix.Log, `to=<postmaster@relay\.test>, orig_to=<owner-`+list+"@")
	}
	if answer := r.send(t, "submission", "mdurand", "marie.durand@ecole.test", "council@listes.ac-test.fr"); answer.refused() {
		t.Error(answer)
	}
	if err := r.sink.Await(regexp.MustCompile(`^MAIL FROM:<owner-council@listes\.ac-test\.fr>\nRCPT TO:<member0@`), 1); err != nil {
		t.Error(err, joined(r.postfix.Log))
	}
	if all := r.sink.Deliveries(); len(all) != 1 {
		t.Errorf("%d deliveries, want that to the member of council alone: %v", len(all), all)
	}
}

// checkCopies holds that each member got one copy, in a transaction of its own,
// which names no other member.
func (r *listRelay) checkCopies(t *testing.T, copies []servers.Delivery) {
	t.Helper()
	var reached []string
	for _, c := range copies {
		if len(c.To) != 1 {
			t.Errorf("one transaction to %q", c.To)
			continue
		}
		reached = append(reached, c.To[0])
		for _, other := range slices.Concat(r.members, []string{"gone@ecole.test", "private.test"}) {
			if other != c.To[0] && strings.Contains(c.Text, other) {
				t.Errorf("the copy of %s has %s:\n%s", c.To[0], other, c.Text)
			}
		}
		message, err := mail.ReadMessage(strings.NewReader(c.Text))
		if err != nil {
			t.Fatal(err)
		}
		if replyTo := message.Header["Reply-To"]; !slices.Equal(replyTo, []string{"marie.durand@ecole.test"}) {
			t.Errorf("replies of %s go to %q", c.To[0], replyTo)
		}
	}
	slices.Sort(reached)
	if want := slices.Sorted(slices.Values(r.members)); !slices.Equal(reached, want) {
		t.Errorf("reached %q, want %q", reached, want)
	}
}

// checkClosed: a member's reply reaches the owner alone, what a member or an
// automaton sends to the list reaches nobody.
func (r *listRelay) checkClosed(t *testing.T) {
	t.Helper()
	r.sink.Forget()
	if answer := r.send(t, "submission", "member3", r.members[3], "marie.durand@ecole.test"); answer.refused() {
		t.Error(answer)
	}
	for _, c := range []struct{ listener, login, from, to string }{
		{"submission", "member3", r.members[3], "parents@listes.ac-test.fr"},
		{"submission", "member3", r.members[3], "PARENTS+x@listes.ac-test.fr"},
		{"submission", "", "marie.durand@ecole.test", "parents@listes.ac-test.fr"},
		{"inbound", "", "marie.durand@ecole.test", "parents@listes.ac-test.fr"},
		{"inbound", "", "", "parents@listes.ac-test.fr"},
		{"inbound", "", "", "other@listes.ac-test.fr"},
		{"submission", "member3", r.members[3], "parents@relay.test"},
	} {
		if answer := r.send(t, c.listener, c.login, c.from, c.to); answer.code != 550 && c.to != "parents@relay.test" {
			t.Errorf("%+v: %s", c, answer)
		}
	}
	if err := r.sink.Await(regexp.MustCompile(`RCPT TO:<marie\.durand@ecole\.test>\nReceived`), 1); err != nil {
		t.Error(err)
	}
	r.sendmail(t, "root@listes.ac-test.fr") // who has a mailbox, but is no list
	await(t, r.postfix.Log, `to=<root@listes\.ac-test\.fr>, .* dsn=5\.1\.1, status=bounced`)
	if found := r.sink.Grep(regexp.MustCompile(`RCPT TO:<member`)); len(found) > 0 {
		t.Errorf("members got mail: %v", found)
	}
}
