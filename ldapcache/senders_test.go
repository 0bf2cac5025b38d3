//go:build servers

package ldapcache_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/rcptquota/rcptquota/ldapcache/roster"
	"github.com/rcptquota/rcptquota/quota"
	"github.com/rcptquota/rcptquota/test/servers"
)

func TestFoundAbsentAmbiguous(t *testing.T) {
	s := startSlapd(t)
	d := open(t, settings(s, s.URL()), "entpersonprofils")
	for _, login := range []string{"mdurand", "MDurand", "marie.durand", "MARIE.DURAND"} {
		got, err := d.Sender(t.Context(), login)
		if err != nil || !slices.Equal(got.Addresses, []string{"marie.durand@ecollege31.fr"}) ||
			got.Establishment != "0310001A" || got.Premium || got.Stale != nil ||
			len(got.Attributes) != 1 || !slices.Equal(got.Attributes["entpersonprofils"], []string{"National_ENS"}) {
			t.Errorf("%s: %+v, %v", login, got, err)
		}
	}
	if got, err := d.Sender(t.Context(), "éLOÏSE"); err != nil || got.Addresses != nil || got.Attributes != nil {
		t.Errorf("a sender without attributes: %+v, %v", got, err)
	}
	if _, err := d.Sender(t.Context(), "nobody"); !errors.Is(err, quota.ErrAbsent) {
		t.Errorf("nobody: %v", err)
	}
	_, err := d.Sender(t.Context(), "twin")
	if !errors.Is(err, quota.ErrAmbiguous) || !strings.Contains(err.Error(), "uid=twin,") || !strings.Contains(err.Error(), "cn=twin,") {
		t.Errorf("twin: %v", err)
	}
}

func TestMoreEntriesThanWereAskedForAreAmbiguous(t *testing.T) {
	s := startSlapd(t)
	s.Add(`dn: uid=twin3,ou=people,dc=ent,dc=test
objectClass: ENTPerson
uid: twin3
uid: twin
ENTPersonLogin: twin.three
cn: Twin
sn: Three
`)
	d := open(t, settings(s, s.URL())) // three entries, and a limit of two
	if _, err := d.Sender(t.Context(), "twin"); !errors.Is(err, quota.ErrAmbiguous) {
		t.Errorf("twin: %v", err)
	}
}

func TestNoLoginMatchesAsAFilter(t *testing.T) {
	s := startSlapd(t)
	d := open(t, settings(s, s.URL()))
	for _, login := range []string{
		"*", "m*", "mdurand*", "*mdurand", "(", ")", `\`, `\6ddurand`, "mdurand)(uid=*", "*)(objectClass=*",
		"mdurand))(|(uid=*", "mdurand\x00", "\x00", "é", "ｍdurand)", "\xffmdurand", "%u", "uid=mdurand",
		strings.Repeat("(", 1000), strings.Repeat("m", 10_000), "",
	} {
		if got, err := d.Sender(t.Context(), login); !errors.Is(err, quota.ErrAbsent) {
			t.Errorf("%.40q: %+v, %v", login, got, err)
		}
	}
}

func TestAWrongBaseIsNotAbsence(t *testing.T) {
	s := startSlapd(t)
	config := settings(s, s.URL())
	config.Base = "dc=elsewhere"
	d := open(t, config)
	_, err := d.Sender(t.Context(), "mdurand")
	if !isUnavailable(err) || !strings.Contains(err.Error(), s.URL()) || !strings.Contains(err.Error(), "dc=elsewhere") {
		t.Errorf("below a base that does not exist: %v", err)
	}
}

// designate changes the members of the designation group.
func designate(s *servers.Slapd, how, member string) {
	s.Modify(fmt.Sprintf("dn: cn=premium_0310001A,ou=groups,dc=ent,dc=test\nchangetype: modify\n%s: member\nmember: %s\n", how, member))
}

func TestDesignationsComeAndGo(t *testing.T) {
	s := startSlapd(t)
	d := open(t, settings(s, s.URL()))
	for login, members := range map[string][]string{
		"mdurand": {"uid=mdurand,ou=people,dc=ent,dc=test", "ENTStructureUAI=0310001A,ou=structures,dc=ent,dc=test"},
		"pmartin": {`cn=Paul \2C (Martin) \5C*,ou=people,dc=ent,dc=test`, "ENTStructureUAI=0310002B,ou=structures,dc=ent,dc=test"},
	} {
		sender, err := d.Sender(t.Context(), login)
		if err != nil || sender.Premium {
			t.Fatalf("%s: %+v, %v", login, sender, err)
		}
		designated := func() bool {
			t.Helper()
			all, _, err := d.Designations(t.Context())
			if err != nil {
				t.Error(err)
			}
			return slices.ContainsFunc(all, func(d roster.Designation) bool {
				return d.Sender == sender.ID && d.Establishment == sender.Establishment
			})
		}
		for _, member := range members {
			t.Run(member, func(t *testing.T) {
				designate(s, "add", member)
				if !designated() {
					t.Error("not designated")
				}
				designate(s, "delete", member)
				if designated() {
					t.Error("still designated")
				}
			})
		}
	}
}
