package ldap

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	goldap "github.com/go-ldap/ldap/v3"

	"github.com/rcptquota/rcptquota/test/servers"
)

// startAD starts a server that tells a group's members as Active Directory does,
// in parts of 1,500. A fault may change what it says.
func startAD(t *testing.T, members []string, fault func(description string) string) *Directory {
	t.Helper()
	f := servers.StartFakeLDAP(t, func(int, string) servers.Reply { return servers.Reply{} })
	f.Read = func(attributes []string) servers.Reply {
		from, ranged := strings.CutPrefix(attributes[0], "member;range=")
		if attributes[0] != "member" && !ranged {
			return servers.Reply{}
		}
		low, _ := strconv.Atoi(strings.TrimSuffix(from, "-*"))
		high := min(low+1500, len(members))
		description := fmt.Sprintf("member;range=%d-%d", low, high-1)
		if high == len(members) {
			description = fmt.Sprintf("member;range=%d-*", low)
		}
		return servers.Reply{Entry: "cn=all,dc=test", Values: map[string][]string{"member": {}, fault(description): members[low:high]}}
	}
	config := DefaultConfig()
	config.Servers, config.Base, config.Preset = []string{f.URL()}, "dc=test", "ad"
	config.Timeout.Duration = 5 * time.Second
	return open(t, config)
}

// membersOf reads the group as designations and managers are read.
func membersOf(t *testing.T, s *Directory, limit int) (members []string, more bool, err error) {
	t.Helper()
	err = s.client.Do(t.Context(), func(conn *goldap.Conn) error {
		entry, err := s.read(conn, "cn=all,dc=test", anyEntry, s.config.GroupMembers)
		if err != nil || entry == nil {
			return errors.Join(err, errRange)
		}
		members, more, err = s.members(conn, entry, s.config.GroupMembers, limit)
		return err
	})
	return members, more, err
}

func asItIs(description string) string { return description }

func TestRangedMembersAreReadToTheEnd(t *testing.T) {
	for _, n := range []int{1, 1500, 1501, 4000} {
		var all []string
		for i := range n {
			all = append(all, fmt.Sprintf("cn=member %d,dc=test", i))
		}
		s := startAD(t, all, asItIs)
		if members, more, err := membersOf(t, s, 10_000); err != nil || more || !slices.Equal(members, all) {
			t.Errorf("of %d members: %d, more %v, %v", n, len(members), more, err)
		}
		limit := n - n/3
		if members, more, err := membersOf(t, s, limit); err != nil || more != (limit < n) || !slices.Equal(members, all[:limit]) {
			t.Errorf("of %d members, at most %d: %d, more %v, %v", n, limit, len(members), more, err)
		}
	}
}

func TestARangeThatWasNotAskedForIsAnError(t *testing.T) {
	all := slices.Repeat([]string{"cn=x,dc=test"}, 4000)
	for name, fault := range map[string]func(string) string{
		"the first part again": func(string) string { return "member;range=0-1499" },
		"too high an end":      func(d string) string { return strings.Replace(d, "-1499", "-1999", 1) },
		"too low an end":       func(d string) string { return strings.Replace(d, "-1499", "-99", 1) },
	} {
		s := startAD(t, all, fault)
		if members, _, err := membersOf(t, s, 10_000); err == nil || !strings.Contains(err.Error(), "range") {
			t.Errorf("%s: %d members, %v", name, len(members), err)
		}
	}
}

func FuzzParsePart(f *testing.F) {
	for _, description := range []string{"member;range=0-1499", "member;Range=1500-*", "member", "member;range=9-1", "member;range=0-99999999999"} {
		f.Add(description)
	}
	f.Fuzz(func(t *testing.T, description string) {
		p, ok := parsePart(description)
		if ok && (!strings.HasPrefix(description, p.attribute+";") || p.low < 0 || !p.last && p.high < p.low) {
			t.Errorf("%q became %+v", description, p)
		}
	})
}
