//go:build servers

package test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/rcptquota/rcptquota/test/servers"
)

// listRelay is a relay that expands lists by itself, with the files of
// deployFolder as they are, but for the list domain, the LDAP server, the paths,
// and where mail leaves to.
type listRelay struct {
	folder  string // of the tables, instead of /etc/postfix
	postfix *servers.Postfix
	sink    *servers.Sink
	slapd   *servers.Slapd
	log     *servers.LogFile
	members []string
}

const memberCount = 40

// listSetup is what a relay has beyond the ordinary.
type listSetup struct {
	entries string // LDIF, added to tree
	rules   string // TOML, of [lists]
	guarded bool   // has the access rule of deployFolder's lists.md; Postfix then asks as nobody
}

func startListRelay(t *testing.T, setup listSetup) *listRelay {
	t.Helper()
	dir := servers.Scratch(t)
	bind, access := "bind = yes", readRule
	if setup.guarded {
		bind, access = "bind = no", strings.ReplaceAll(accessRule(t), "dc=ac-test,dc=fr", "dc=ent,dc=test")+"\n"+readRule
	}
	slapd := servers.StartSlapd(t, readRule, access)
	r := &listRelay{folder: dir, slapd: slapd, sink: servers.StartSink(t), log: &servers.LogFile{Path: filepath.Join(dir, "rcptquota.log")}}
	slapd.Add(r.tree() + "\n" + setup.entries)
	deployed := func(name string) string {
		return strings.NewReplacer(
			"/etc/postfix/", dir+"/",
			"ldaps://ldap1.ac-test.fr ldaps://ldap2.ac-test.fr", slapd.URL(),
			"cn=rcptquota,ou=services,dc=ac-test,dc=fr", slapd.BindDN(),
			"change-me", slapd.Password(),
			"bind = yes", bind,
			"dc=ac-test,dc=fr", slapd.Base(),
		).Replace(deployFile(t, name))
	}
	r.install(t, deployed)
	milter := func(name string) string { return "smtpd_milters = unix:" + filepath.Join(dir, name+".sock") }
	r.postfix = servers.StartPostfix(t, servers.PostfixConfig{
		Logins: true,
		Listeners: []servers.Listener{
			{Name: "submission", Options: []string{"smtpd_sasl_auth_enable = yes", milter("submission")}},
			{Name: "inbound", Options: []string{milter("inbound"), "mynetworks =", "smtpd_relay_restrictions = reject_unauth_destination", "smtpd_recipient_restrictions ="}},
			{Name: "unchecked"}, // by which mail comes that no milter sees
		},
		Main:   append(settings(deployed("lists-main.cf")), "default_transport = smtp", "relayhost = "+bracketed(r.sink.Address)),
		Master: "smtp unix - - n - - smtp\n" + deployed("lists-master.cf"),
	})
	config := filepath.Join(dir, "rcptquota.toml")
	writeFile(t, config, fmt.Sprintf(listRelayConfig, dir, dir, dir, slapd.URL(), slapd.Base())+setup.rules)
	process, err := servers.StartProcess(r.log.Path, program(), "serve", "--config", config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(process.Stop)
	await(t, r.log, "msg=listening .*role=inbound")
	return r
}

// install puts the tables into the relay's folder.
func (r *listRelay) install(t *testing.T, deployed func(name string) string) {
	t.Helper()
	tables, err := filepath.Glob(filepath.Join(deployFolder, "lists-*.*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, table := range tables {
		name := filepath.Base(table)
		path := filepath.Join(r.folder, name)
		writeFile(t, path, deployed(name))
		if err := os.Chmod(path, 0o644); err != nil { // for the user postfix
			t.Fatal(err)
		}
	}
}

// readRule is what slapd.conf has for everybody.
const readRule = "access to * by * read"

// accessRule is the rule that deployFolder's lists.md has for OpenLDAP.
func accessRule(t *testing.T) string {
	t.Helper()
	match := regexp.MustCompile("`(access to [^`]+)`").FindStringSubmatch(deployFile(t, "lists.md"))
	if match == nil {
		t.Fatal("lists.md has no access rule")
	}
	return match[1]
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
	return r.sendText(t, listener, login, from, "From: <"+from+">\r\nTo: "+strings.Join(to, ", ")+
		"\r\nSubject: sortie\r\nReply-To: elsewhere@private.test\r\n\r\nVendredi.\r\n", to...)
}

// sendText is send with a text of one's own, whose lines end in CR LF.
func (r *listRelay) sendText(t *testing.T, listener, login, from, text string, to ...string) reply {
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
	return say(text + ".")
}

// check returns what "rcptquota check" says of lists.
func (r *listRelay) check(t *testing.T, lists ...string) string {
	t.Helper()
	args := []string{"check", "--config", filepath.Join(r.folder, "rcptquota.toml")}
	for _, list := range lists {
		args = append(args, "--list", list)
	}
	output, err := exec.CommandContext(t.Context(), program(), args...).CombinedOutput()
	if err != nil {
		t.Errorf("check --list: %v", err)
	}
	return string(output)
}

// sendmail sends an empty message from this machine, as sendmail(1) does.
func (r *listRelay) sendmail(t *testing.T, to string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "sendmail", "-C", filepath.Join(r.postfix.Dir, "etc"), to)
	if output, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("sendmail: %v\n%s", err, output)
	}
}
