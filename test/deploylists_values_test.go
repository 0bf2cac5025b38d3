//go:build servers

package test

import (
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/rcptquota/rcptquota/test/servers"
)

// hostileValues are what somebody may have written into one's own mail attribute:
// $S stands for a file that root alone reads, $D for a folder that everybody
// writes to. Each is no plain address, or one that is not to be reached so.
var hostileValues = []string{
	":include:$S", ":INCLUDE:$S", `":include:$S"`, "x@ecole.test, :include:$S, y@ecole.test", ":include:$S,", "::include:$S", `\:include:$S`,
	"|touch $D/ran", `"|touch $D/ran"`, "|touch $D/ran@ecole.test", "$D/written", `"$D/written"`, "x@ecole.test,$D/written",
	"other@listes.ac-test.fr", "OTHER@LISTES.AC-TEST.FR", "other@listes.ac-test.fr.", `"other"@listes.ac-test.fr`,
	"other+x@listes.ac-test.fr", "other%listes.ac-test.fr", "other%listes.ac-test.fr@relay.test", "listes.ac-test.fr!other",
	"<@relay.test:other@listes.ac-test.fr>", "other@listes.ac-test.fr (Other)", "Other <other@listes.ac-test.fr>", "owner-other@listes.ac-test.fr",
	"members+other@lists.invalid", "x@ecole.test, members+other@lists.invalid", "owners+other@lists.invalid", "other@sub.listes.ac-test.fr",
	`"unbalanced@ecole.test`, `un"balanced@ecole.test`, "(unbalanced@ecole.test", "unbalanced)@ecole.test", `trailing@ecole.test\`, `\`, `"`,
	"with space@ecole.test", "two words", "root", "root@localhost", "@ecole.test", "x@", "x@ecole", "x@[127.0.0.1]", ",", ";", "<>", "-x@ecole.test",
	"a@ecole.test\nb@ecole.test", "tab\t@ecole.test", "group: a@ecole.test, b@ecole.test;", "dollar$1@ecole.test$", "%s@%d", "${x}@ecole.test@ecole.test",
	strings.Repeat("x", 3000), strings.Repeat("long", 100) + "@ecole.test", strings.Repeat("a@ecole.test,", 300) + "a@ecole.test",
}

// hostileLists are lists of mdurand, vN with the Nth value of a member between two
// others, and the list other, which none of them is to reach; and others, whose
// owner has that value, and whose bounces are the danger.
func hostileLists(values []string) string {
	var b strings.Builder
	person := func(uid, mail string) string {
		fmt.Fprintf(&b, "dn: uid=%s,ou=people,dc=ent,dc=test\nobjectClass: ENTPerson\nuid: %s\nENTPersonLogin: %s\ncn: %s\nsn: %s\nmail:: %s\n\n",
			uid, uid, uid, uid, uid, base64.StdEncoding.EncodeToString([]byte(mail)))
		return "uid=" + uid + ",ou=people,dc=ent,dc=test"
	}
	list := func(name, owner string, members ...string) {
		fmt.Fprintf(&b, "dn: cn=%s,ou=lists,dc=ent,dc=test\nobjectClass: groupOfNames\nobjectClass: rqList\ncn: %s\n"+
			"mail: %s@listes.ac-test.fr\nowner: %s\nmember: %s\n\n", name, name, name, owner, strings.Join(members, "\nmember: "))
	}
	mdurand := "uid=mdurand,ou=people,dc=ent,dc=test"
	before, after := person("before", "before@ecole.test"), person("after", "after@ecole.test")
	list("other", mdurand, person("reached", "reached@ecole.test"))
	for i, value := range values {
		hostile := person(fmt.Sprintf("hostile%d", i), value)
		list(fmt.Sprintf("v%d", i), mdurand, before, hostile, after)
		list(fmt.Sprintf("w%d", i), hostile, after)
	}
	return b.String()
}

// trap is what must not be read, and where nothing must be written.
type trap struct{ secret, open string }

const secretText = "content@secret.test"

// setTrap makes a file that root alone reads, and a folder that everybody writes to.
func setTrap(t *testing.T) trap {
	t.Helper()
	dir := servers.Scratch(t)
	trap := trap{secret: filepath.Join(dir, "secret"), open: filepath.Join(dir, "open")}
	writeFile(t, trap.secret, secretText+"\n")
	if err := os.Mkdir(trap.open, 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(trap.open, 0o777); err != nil { // whatever the umask
		t.Fatal(err)
	}
	return trap
}

// aim writes the trap's paths into a value.
func (p trap) aim(value string) string {
	return strings.NewReplacer("$S", p.secret, "$D", p.open).Replace(value)
}

// expectUntouched waits until Postfix has done all its work, and holds that none of
// it read or wrote what is in the trap, or reached whom it must not.
func (r *listRelay) expectUntouched(t *testing.T, trap trap) {
	t.Helper()
	if !servers.Wait(r.queueIsEmpty) {
		t.Errorf("mail waits:\n%s", joined(r.postfix.Log))
	}
	for _, d := range r.sink.Grep(regexp.MustCompile(regexp.QuoteMeta(secretText) + `|RCPT TO:<(reached|[xyab])@ecole\.test`)) {
		t.Errorf("a value did this: %v", d)
	}
	made, err := os.ReadDir(trap.open)
	if err != nil || len(made) > 0 {
		t.Errorf("a value made %v %v", made, err)
	}
}

// TestListValues holds that a value which is not one plain address reads no file,
// runs no command, reaches no list, costs nobody else a copy, and is named in the
// log. It needs root, with whose rights local(8) would read.
func TestListValues(t *testing.T) {
	trap := setTrap(t)
	var values []string
	for _, value := range hostileValues {
		values = append(values, trap.aim(value))
	}
	r := startListRelay(t, listSetup{entries: hostileLists(values)})
	for i, value := range values {
		t.Run(fmt.Sprintf("member %.40q", hostileValues[i]), func(t *testing.T) {
			list := fmt.Sprintf("v%d", i)
			if answer := r.send(t, "submission", "mdurand", "marie.durand@ecole.test", list+"@listes.ac-test.fr"); answer.refused() {
				t.Fatal(answer)
			}
			for _, member := range []string{"before", "after"} {
				copied := regexp.MustCompile(`^MAIL FROM:<owner-` + list + `@listes\.ac-test\.fr>\nRCPT TO:<` + member + `@`)
				if err := r.sink.Await(copied, 1); err != nil {
					t.Errorf("%s, beside %.100q, has no copy: %.2000v\n%s", member, value, err, strings.Join(r.postfix.Log.Grep(regexp.MustCompile(`\b`+list+`\b`)), "\n"))
				}
			}
			await(t, r.postfix.Log, `to=<(".*"|[^ ]*)@unusable\.lists\.invalid>, orig_to=<members\+`+list+`@.* status=bounced`)
			bounced := regexp.MustCompile(`^MAIL FROM:<>\nRCPT TO:<marie\.durand@ecole\.test>\n(?s:.*)members\+` + list + `@`)
			if err := r.sink.Await(bounced, 1); err != nil {
				t.Error("the owner is not told: ", err)
			}
		})
	}
	t.Run("check", func(t *testing.T) {
		var lists []string
		for i := range values {
			lists = append(lists, fmt.Sprintf("v%d@listes.ac-test.fr", i))
		}
		said := r.check(t, lists...)
		for i, value := range values {
			if want := fmt.Sprintf("uid=hostile%d,ou=people,dc=ent,dc=test gets no copy: %q is not", i, value); !strings.Contains(said, want) {
				t.Errorf("no %s in\n%s", want, said)
			}
		}
	})
	t.Run("owners", func(t *testing.T) {
		for i := range values {
			list := fmt.Sprintf("owner-w%d@listes.ac-test.fr", i)
			if answer := r.send(t, "inbound", "", "", list); answer.refused() {
				t.Fatal(answer)
			}
			await(t, r.postfix.Log, `to=<postmaster@relay\.test>, orig_to=<`+list+">.* status=sent")
		}
	})
	r.expectUntouched(t, trap)
}

// TestListsServiceReadsNothing holds that the service "lists" reads no file and runs
// no command even where its table says so.
func TestListsServiceReadsNothing(t *testing.T) {
	trap := setTrap(t)
	results := []string{
		":include:$S", ":INCLUDE:$S", `":include:$S"`, "x@ecole.test, :include:$S, y@ecole.test",
		"|touch $D/ran", `"|touch $D/ran"`, "$D/written", `"$D/written"`,
	}
	for i := range results {
		results[i] = trap.aim(results[i])
	}
	r := startListRelay(t, listSetup{entries: hostileLists(results)})
	var table strings.Builder
	for i, result := range results {
		fmt.Fprintf(&table, "/^v%d$/ %s\n", i, result)
	}
	path := filepath.Join(r.folder, "lists-alias.regexp")
	writeFile(t, path, table.String()+deployFile(t, "lists-alias.regexp"))
	for i := range results {
		list := fmt.Sprintf("v%d", i)
		if answer := r.send(t, "submission", "mdurand", "marie.durand@ecole.test", list+"@listes.ac-test.fr"); answer.refused() {
			t.Fatal(answer)
		}
		await(t, r.postfix.Log, "local.* to=<"+list+`\+`+list+"@.* status=")
	}
	r.expectUntouched(t, trap)
}

// queueIsEmpty reports whether everything was delivered or bounced.
func (r *listRelay) queueIsEmpty() bool {
	for _, queue := range []string{"maildrop/*", "incoming/*", "active/*", "deferred/*/*"} { // the last by the first letter of the queue id
		found, err := filepath.Glob(filepath.Join(r.postfix.Dir, "queue", queue))
		if err != nil {
			return false
		}
		for _, path := range found {
			if info, err := os.Stat(path); err == nil && !info.IsDir() {
				return false
			}
		}
	}
	return true
}
