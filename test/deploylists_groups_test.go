//go:build servers

package test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/rcptquota/rcptquota/test/servers"
)

// groupsOfList is the list staff2: a person, a group of names with a group of
// unique names in it, a group of unique names, one that nobody is in any more, and persons with no address
// and with two.
const groupsOfList = `
dn: cn=inner,ou=groups,dc=ent,dc=test
objectClass: groupOfUniqueNames
cn: inner
uniqueMember: uid=member3,ou=people,dc=ent,dc=test

dn: cn=outer,ou=groups,dc=ent,dc=test
objectClass: groupOfNames
cn: outer
member: uid=member2,ou=people,dc=ent,dc=test
member: cn=inner,ou=groups,dc=ent,dc=test

dn: cn=unique,ou=groups,dc=ent,dc=test
objectClass: groupOfUniqueNames
cn: unique
uniqueMember: uid=member4,ou=people,dc=ent,dc=test
uniqueMember: uid=member1,ou=people,dc=ent,dc=test

dn: cn=left,ou=groups,dc=ent,dc=test
objectClass: groupOfUniqueNames
cn: left
uniqueMember: uid=nobody,ou=people,dc=ent,dc=test

dn: uid=several,ou=people,dc=ent,dc=test
objectClass: ENTPerson
uid: several
ENTPersonLogin: several
cn: several
sn: several
mail: several@ecole0.test
mail: Several.O'Brien+x@ecole1.test
ENTPersonAutresMails: several@private.test

dn: uid=none,ou=people,dc=ent,dc=test
objectClass: ENTPerson
uid: none
ENTPersonLogin: none
cn: none
sn: none
ENTPersonAutresMails: none@private.test

dn: cn=staff2,ou=lists,dc=ent,dc=test
objectClass: groupOfNames
objectClass: rqList
cn: staff2
mail: staff2@listes.ac-test.fr
owner: uid=mdurand,ou=people,dc=ent,dc=test
member: uid=member1,ou=people,dc=ent,dc=test
member: cn=outer,ou=groups,dc=ent,dc=test
member: cn=unique,ou=groups,dc=ent,dc=test
member: cn=left,ou=groups,dc=ent,dc=test
member: uid=none,ou=people,dc=ent,dc=test
member: uid=several,ou=people,dc=ent,dc=test
`

// TestListGroups holds that groups of either kind are followed, and that each person
// gets one copy at each address.
func TestListGroups(t *testing.T) {
	r := startListRelay(t, listSetup{entries: groupsOfList})
	if answer := r.send(t, "submission", "mdurand", "marie.durand@ecole.test", "staff2@listes.ac-test.fr"); answer.refused() {
		t.Fatal(answer)
	}
	copies := []string{"member1@", "member2@", "member3@", "member4@", "several@ecole0", `Several.O'Brien\+x@ecole1`}
	for _, member := range copies {
		if err := r.sink.Await(regexp.MustCompile(`^MAIL FROM:<owner-staff2@listes\.ac-test\.fr>\nRCPT TO:<`+member), 1); err != nil {
			t.Error(err, joined(r.postfix.Log))
		}
	}
	if said := r.check(t, "staff2@listes.ac-test.fr"); strings.Contains(said, "where Postfix expands it") {
		t.Errorf("check --list says %s", said)
	}
	if all := r.sink.Deliveries(); len(all) != len(copies) {
		t.Errorf("%d copies, want %d: %v", len(all), len(copies), all)
	}
}

// TestListOfManyMembers has a list of more members than Postfix expands one address
// to by itself (virtual_alias_expansion_limit).
func TestListOfManyMembers(t *testing.T) {
	const many = 1100
	var persons, members strings.Builder
	for i := range many {
		fmt.Fprintf(&persons, "dn: uid=many%d,ou=people,dc=ent,dc=test\nobjectClass: ENTPerson\nuid: many%d\nENTPersonLogin: many%d\ncn: many\nsn: many\nmail: many%d@ecole.test\n\n", i, i, i, i)
		fmt.Fprintf(&members, "member: uid=many%d,ou=people,dc=ent,dc=test\n", i)
	}
	r := startListRelay(t, listSetup{entries: persons.String() + `dn: cn=many,ou=lists,dc=ent,dc=test
objectClass: groupOfNames
objectClass: rqList
cn: many
mail: many@listes.ac-test.fr
owner: uid=mdurand,ou=people,dc=ent,dc=test
` + members.String()})
	if answer := r.send(t, "submission", "mdurand", "marie.durand@ecole.test", "many@listes.ac-test.fr"); answer.refused() {
		t.Fatal(answer)
	}
	if !servers.Wait(func() bool { return len(r.sink.Deliveries()) >= many }) {
		t.Errorf("%d copies, want %d\n%s", len(r.sink.Deliveries()), many, joined(r.postfix.Log))
	}
}
