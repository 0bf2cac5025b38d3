//go:build servers

package test

import (
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/rcptquota/rcptquota/test/servers"
)

// TestListsWayIn holds that the addresses by which Postfix hands a post from one
// service to the next are no way to a list for who knows them: neither with a login
// nor from elsewhere.
func TestListsWayIn(t *testing.T) {
	r := startListRelay(t, listSetup{entries: hostileLists(nil)})
	for _, to := range []string{
		"other+other@listes.ac-test.fr", "other+other+x@listes.ac-test.fr", "other+x@listes.ac-test.fr", "OTHER+OTHER@LISTES.AC-TEST.FR",
		"x+other@listes.ac-test.fr", "root+other@listes.ac-test.fr", "members+other@listes.ac-test.fr", "council+other@listes.ac-test.fr", `"other+other"@listes.ac-test.fr`,
		"other+!other@listes.ac-test.fr", "other%listes.ac-test.fr@relay.test", "other+other%listes.ac-test.fr@relay.test", "@relay.test:other+other@listes.ac-test.fr",
		"owner-x+other@listes.ac-test.fr", "owner-owner-other+other@listes.ac-test.fr", "owner-owner-other@listes.ac-test.fr", "owner-+other@listes.ac-test.fr",
		"members+other@lists.invalid", "members+other+x@lists.invalid", "owners+other@lists.invalid", "members@lists.invalid", "members+other%lists.invalid@relay.test",
		"members+other@relay.test", "other@member.lists.invalid", "other@relay.test",
	} {
		_ = r.send(t, "submission", "member3", r.members[3], to)
		_ = r.send(t, "inbound", "", "", to)
		_ = r.send(t, "inbound", "", "owner-other@listes.ac-test.fr", to)
	}
	r.expectUntouched(t, setTrap(t))
}

// circle is the list round, with somebody who made a group of one's own entry.
const circle = `
dn: uid=circle,ou=people,dc=ent,dc=test
objectClass: ENTPerson
objectClass: extensibleObject
uid: circle
ENTPersonLogin: circle
cn: circle
sn: circle
mail: circle@ecole.test
member: uid=circle,ou=people,dc=ent,dc=test

dn: cn=round,ou=lists,dc=ent,dc=test
objectClass: groupOfNames
objectClass: rqList
cn: round
mail: round@listes.ac-test.fr
owner: uid=mdurand,ou=people,dc=ent,dc=test
member: uid=before,ou=people,dc=ent,dc=test
member: uid=circle,ou=people,dc=ent,dc=test
member: uid=after,ou=people,dc=ent,dc=test
`

// TestListCircle: somebody who makes a group of one's own entry holds up the post,
// and loses none: check tells who, and once that is corrected everybody has a copy.
func TestListCircle(t *testing.T) {
	r := startListRelay(t, listSetup{entries: hostileLists(nil) + circle})
	if answer := r.send(t, "submission", "mdurand", "marie.durand@ecole.test", "round@listes.ac-test.fr"); answer.refused() {
		t.Fatal(answer)
	}
	await(t, r.postfix.Log, `map lookup problem for members\+round@lists\.invalid`)
	said := r.check(t, "round@listes.ac-test.fr")
	if !strings.Contains(said, "every post waits: uid=circle,ou=people,dc=ent,dc=test is a member of itself") {
		t.Errorf("check says %s", said)
	}
	deferred := filepath.Join(r.postfix.Dir, "queue", "deferred", "*", "*")
	if !servers.Wait(func() bool { found, err := filepath.Glob(deferred); return err == nil && len(found) == 1 }) {
		t.Error("the post does not wait: ", joined(r.postfix.Log))
	}
	r.slapd.Modify("dn: uid=circle,ou=people,dc=ent,dc=test\nchangetype: modify\ndelete: member\n")
	if output, err := exec.CommandContext(t.Context(), "postqueue", "-c", filepath.Join(r.postfix.Dir, "etc"), "-f").CombinedOutput(); err != nil {
		t.Fatalf("postqueue: %v\n%s", err, output)
	}
	r.expectRound(t)
}

// TestListCircleGuarded: with the access rule of lists.md it holds up nothing.
func TestListCircleGuarded(t *testing.T) {
	r := startListRelay(t, listSetup{entries: hostileLists(nil) + circle, guarded: true})
	if answer := r.send(t, "submission", "mdurand", "marie.durand@ecole.test", "round@listes.ac-test.fr"); answer.refused() {
		t.Fatal(answer)
	}
	r.expectRound(t)
}

// expectRound waits for the copies of the members of round.
func (r *listRelay) expectRound(t *testing.T) {
	t.Helper()
	for _, member := range []string{"before", "circle", "after"} {
		if err := r.sink.Await(regexp.MustCompile(`^MAIL FROM:<owner-round@listes\.ac-test\.fr>\nRCPT TO:<`+member+`@ecole\.test>`), 1); err != nil {
			t.Error(err, joined(r.postfix.Log))
		}
	}
}
