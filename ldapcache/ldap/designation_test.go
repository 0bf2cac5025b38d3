//go:build servers

package ldap

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// crowd is how many persons the large school has: more than are designated with
// a whole school, and more than slapd tells those who bind, 500.
const crowd = 700

// startCrowd starts a site with a large school.
func startCrowd(t *testing.T) *site {
	t.Helper()
	s := startSite(t, "sdet", false)
	var tree strings.Builder
	for i := range crowd {
		fmt.Fprintf(&tree, `dn: uid=p%03d,ou=people,dc=ent,dc=test
objectClass: ENTPerson
uid: p%[1]d
ENTPersonLogin: person%[1]d
cn: Person
sn: Person
ENTPersonStructRattach: ou=0310004D,ou=structures,dc=ent,dc=test

`, crowd-1-i)
	}
	s.server.Add(tree.String())
	return s
}

// unlimited binds as the one who is told everything.
func (s *site) unlimited(t *testing.T) {
	t.Helper()
	s.Directory.BindDN = s.server.BindDN()
	s.Directory.BindPasswordFile = filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(s.Directory.BindPasswordFile, []byte(s.server.Password()), 0o600); err != nil {
		t.Fatal(err)
	}
}

// ofSchool returns who is designated under an establishment.
func ofSchool(t *testing.T, s *site, name string) (senders, unresolved []string) {
	t.Helper()
	all, unresolved, err := s.open(t).Designations(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range all {
		if d.Establishment == name {
			senders = append(senders, d.Sender)
		}
	}
	return senders, unresolved
}

func TestALargeSchoolDesignatesItsFirst(t *testing.T) {
	s := startCrowd(t)
	const school = "ou=0310004D,ou=structures,dc=ent,dc=test"
	if _, unresolved := ofSchool(t, s, "0310004D"); !slices.Contains(unresolved, school) {
		t.Errorf("a school of which the server returns a part is not told: %q", unresolved)
	}
	s.unlimited(t)
	senders, unresolved := ofSchool(t, s, "0310004D")
	if len(senders) != maxOfSchool || slices.Contains(unresolved, school) {
		t.Fatalf("%d senders, unresolved %q", len(senders), unresolved)
	}
	// jpetit, then the first of the crowd.
	if first, last := senders[1], senders[maxOfSchool-1]; first != "uid=p000"+below || last != fmt.Sprintf("uid=p%03d%s", maxOfSchool-2, below) {
		t.Errorf("from %s to %s", first, last)
	}
}

// TestManyDesignations has some thousand members in one group.
func TestManyDesignations(t *testing.T) {
	s := startCrowd(t)
	var group strings.Builder
	group.WriteString("dn: cn=premium_many,ou=groups,dc=ent,dc=test\nobjectClass: groupOfNames\ncn: premium_many\n")
	for i := range crowd {
		fmt.Fprintf(&group, "member: uid=p%03d%s\nmember: uid=gone%d%[2]s\nmember: cn=gone%[3]d%[2]s\nmember: ou=gone%[3]d%[2]s\n", i, below, i)
	}
	s.server.Add(group.String())
	senders, unresolved := ofSchool(t, s, "0310004D")
	if len(senders) != crowd+1 || len(unresolved) < 3*crowd {
		t.Errorf("%d designated, %d unresolved", len(senders), len(unresolved))
	}
	s.Directory.PremiumMembers = []string{}
	if all, unresolved, err := s.open(t).Designations(t.Context()); len(all)+len(unresolved) > 0 || err != nil {
		t.Errorf("without designations: %q, %q, %v", all, unresolved, err)
	}
}

// TestMoreGroupsThanAreToldIsAnError takes persons for designation groups.
func TestMoreGroupsThanAreToldIsAnError(t *testing.T) {
	s := startCrowd(t)
	s.Directory.PremiumFilter = "(objectClass=ENTPerson)"
	all, _, err := s.open(t).Designations(t.Context())
	if err == nil || all != nil || !strings.Contains(err.Error(), "more designation groups than the server returns") {
		t.Errorf("%d designations, %v", len(all), err)
	}
}
