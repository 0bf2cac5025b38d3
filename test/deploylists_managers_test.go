//go:build servers

package test

import (
	"encoding/base64"
	"fmt"
	"net/mail"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestListRedirectValues holds that what is sent on to the managers instead of the
// list reaches no other list, whatever a manager has for an address.
func TestListRedirectValues(t *testing.T) {
	trap := setTrap(t)
	var values []string
	for _, value := range hostileValues {
		values = append(values, trap.aim(value))
	}
	r := startListRelay(t, listSetup{entries: hostileLists(values), rules: `unauthorised = "redirect"`})
	for i, value := range values {
		list := fmt.Sprintf("w%d@listes.ac-test.fr", i)
		if answer := r.send(t, "submission", "member3", r.members[3], list); answer.refused() && answer.code != 550 {
			t.Errorf("a manager at %.100q: %s", value, answer)
		}
	}
	r.expectUntouched(t, trap)
}

// TestListReplyToValues holds that a post gets one Reply-To, of at most an address for each
// manager, and never a list's.
func TestListReplyToValues(t *testing.T) {
	trap := setTrap(t)
	var entries strings.Builder
	for i, value := range hostileValues {
		fmt.Fprintf(&entries, `dn: uid=second%d,ou=people,dc=ent,dc=test
objectClass: ENTPerson
uid: second%d
ENTPersonLogin: second%d
cn: second
sn: second
mail:: %s

dn: cn=z%d,ou=lists,dc=ent,dc=test
objectClass: groupOfNames
objectClass: rqList
cn: z%d
mail: z%d@listes.ac-test.fr
owner: uid=mdurand,ou=people,dc=ent,dc=test
owner: uid=second%d,ou=people,dc=ent,dc=test
member: uid=member1,ou=people,dc=ent,dc=test

`, i, i, i, base64.StdEncoding.EncodeToString([]byte(trap.aim(value))), i, i, i, i)
	}
	r := startListRelay(t, listSetup{entries: entries.String()})
	for i, value := range hostileValues {
		list := fmt.Sprintf("z%d", i)
		if answer := r.send(t, "submission", "mdurand", "marie.durand@ecole.test", list+"@listes.ac-test.fr"); answer.refused() {
			t.Fatal(answer)
		}
		copied := regexp.MustCompile(`^MAIL FROM:<owner-` + list + `@listes\.ac-test\.fr>`)
		if err := r.sink.Await(copied, 1); err != nil {
			t.Fatal(err)
		}
		message, err := mail.ReadMessage(strings.NewReader(r.sink.Grep(copied)[0].Text))
		if err != nil {
			t.Fatal(err)
		}
		replyTo, err := message.Header.AddressList("Reply-To")
		if err != nil || len(message.Header["Reply-To"]) != 1 || len(replyTo) > 2 || replyTo[0].Address != "marie.durand@ecole.test" ||
			slices.ContainsFunc(replyTo, func(a *mail.Address) bool { return intoList.MatchString(a.Address) }) {
			t.Errorf("beside a manager at %.100q, replies go to %q", value, message.Header["Reply-To"])
		}
	}
}

// intoList matches an address by which Postfix might reach a list.
var intoList = regexp.MustCompile(`(?i)[@%]listes\.ac-test\.fr|listes\.ac-test\.fr!`)
