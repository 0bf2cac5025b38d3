//go:build servers

package ldapcache_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	ber "github.com/go-asn1-ber/asn1-ber"

	"github.com/rcptquota/rcptquota/ldapcache"
	"github.com/rcptquota/rcptquota/quota"
	"github.com/rcptquota/rcptquota/quota/list"
	"github.com/rcptquota/rcptquota/test/servers"
)

// startLists starts a server with the lists that the whole-system tests have too.
func startLists(t testing.TB) *servers.Slapd {
	t.Helper()
	s := servers.StartSlapd(t)
	ldif, err := os.ReadFile("../test/testdata/ldif/lists.ldif")
	if err != nil {
		t.Fatal(err)
	}
	s.Add(string(ldif))
	return s
}

// listSettings are those of a site with moderators, which remembers.
func listSettings(s *servers.Slapd, url string) ldapcache.Config {
	config := settings(s, url)
	config.ListModerators = []string{"rqModerator"}
	config.TTL.Duration, config.NegativeTTL.Duration = time.Hour, time.Hour
	config.CountMembers = true
	return config
}

func ids(persons []list.Person) string {
	var all []string
	for _, p := range persons {
		all = append(all, p.ID[:strings.IndexByte(p.ID, ',')]+"="+strings.Join(p.Addresses, "+"))
	}
	return strings.Join(all, " ")
}

func TestLists(t *testing.T) {
	s := startLists(t)
	d := open(t, listSettings(s, s.URL()))
	const marie, paul = "uid=mdurand=marie.durand@ecole.test", "uid=pmartin=paul.martin@ecole.test"
	names := []string{"owned", "moderated", "both", "left", "staffed", "twice", "subtype", "absent", "own*", "owned)(mail=*", `\6fwned`}
	var all []string
	for _, name := range names {
		all = append(all, name+"@listes.test")
	}
	check := func(answers []list.Answer) {
		t.Helper()
		for i, want := range []struct {
			owners, moderators string
			moderated, fault   bool
			members            int
		}{
			{marie, "", false, false, 1},
			{marie, paul, true, false, 1},
			{marie, marie + " " + paul, true, false, 1},
			{marie, "", true, true, 1},
			{marie, paul, true, false, 1},
			{"", "", false, true, 0},
			{marie, "", true, true, 1},
		} {
			got := answers[i]
			if got.Err != nil || got.List == nil {
				t.Errorf("%s: %+v", names[i], got)
				continue
			}
			if l := got.List; ids(l.Owners) != want.owners || ids(l.Moderators) != want.moderators || l.Moderated != want.moderated ||
				(l.Fault != nil) != want.fault || l.Members != want.members {
				t.Errorf("%s: %+v", names[i], l)
			}
		}
		for i := 7; i < len(names); i++ {
			if answers[i] != (list.Answer{}) {
				t.Errorf("%s: %+v", names[i], answers[i])
			}
		}
	}
	check(d.Lists(t.Context(), all))
	check(d.Lists(t.Context(), all))
	var one []list.Answer
	for _, address := range all { // each alone, from a directory that knows nothing
		one = append(one, open(t, listSettings(s, s.URL())).Lists(t.Context(), []string{address})...)
	}
	check(one)
}

// TestFoldedAddresses: an address that the server takes for a list's is that
// list, alone and among others, whichever is asked for first. It folds spaces
// (RFC 4518 section 2.6.1), and Postfix's LDAP tables expand what it finds.
func TestFoldedAddresses(t *testing.T) {
	s := startLists(t)
	for _, all := range [][]string{
		{" owned@listes.test"},
		{"owned@listes.test", " owned@listes.test", "  owned@listes.test ", "absent@listes.test"},
		{" absent@listes.test", "absent2@listes.test", " owned@listes.test", "absent@listes.test"},
	} {
		for i, a := range open(t, listSettings(s, s.URL())).Lists(t.Context(), all) {
			if isList := strings.Contains(all[i], "owned"); a.Err != nil || (a.List != nil) != isList {
				t.Errorf("%q among %q: %+v", all[i], all, a)
			}
		}
	}
}

// TestListsBeyondASCII: the directory may have a domain in U-labels, where its
// schema lets it, or in A-labels; we ask for A-labels.
func TestListsBeyondASCII(t *testing.T) {
	s := startLists(t)
	for _, name := range []string{"u@lycée.test", "a@xn--lyce-dpa.test"} {
		s.Add("dn: cn=" + name + ",ou=lists,dc=ent,dc=test\nobjectClass: groupOfNames\ncn: " + name + `
owner: uid=mdurand,ou=people,dc=ent,dc=test
member: uid=parent,ou=people,dc=ent,dc=test
`)
	}
	config := listSettings(s, s.URL())
	config.ListFilter = "(&(objectClass=groupOfNames)(cn=%a))"
	all := []string{"u@xn--lyce-dpa.test", "a@xn--lyce-dpa.test", "absent@xn--lyce-dpa.test", "absent@listes.test"}
	for _, asked := range [][]string{all, all[:1], all[1:2], all[2:]} {
		for i, a := range open(t, config).Lists(t.Context(), asked) {
			if isList := !strings.HasPrefix(asked[i], "absent"); a.Err != nil || (a.List != nil) != isList {
				t.Errorf("%s: %+v", asked[i], a)
			}
		}
	}
}

// TestSubtypeOfAnAddress: what the server matches counts, be it a subtype, and
// the others of its batch are told all the same.
func TestSubtypeOfAnAddress(t *testing.T) {
	s := startLists(t)
	config := listSettings(s, s.URL())
	config.ListFilter = "(&(objectClass=ENTPerson)(cn=*)(mail=%a))"
	all := []string{"absent@x.test", "marie@private.test", "paul.martin@ecole.test", "z@x.test"}
	for i, a := range open(t, config).Lists(t.Context(), all) {
		if isList := i == 1 || i == 2; a.Err != nil || (a.List != nil) != isList {
			t.Errorf("%s: %+v", all[i], a)
		}
	}
}

// TestAddressesOfManagers: an owner's or a member's address in a list's entry is
// not the list's, though both be recipients of one message.
func TestAddressesOfManagers(t *testing.T) {
	s := startLists(t)
	s.Add(`dn: cn=addressed,ou=lists,dc=ent,dc=test
objectClass: groupOfNames
objectClass: rqList
cn: addressed
mail: addressed@listes.test
description: Marie.Durand@ecole.test
businessCategory: parent@ecole.test
member: uid=parent,ou=people,dc=ent,dc=test
`)
	config := listSettings(s, s.URL())
	config.ListOwners, config.ListMembers = []string{"Description"}, []string{"businessCategory"}
	all := []string{"addressed@listes.test", "marie.durand@ecole.test", "parent@ecole.test"}
	for i, a := range open(t, config).Lists(t.Context(), all) {
		if isList := i == 0; a.Err != nil || (a.List != nil) != isList {
			t.Errorf("%s: %+v", all[i], a)
		}
	}
}

func TestListsWhileLDAPIsAway(t *testing.T) {
	s := startLists(t)
	d := open(t, settings(s, s.URL())) // forgets at once
	all := []string{"owned@listes.test", "absent@listes.test"}
	d.Lists(t.Context(), all)
	s.Stop()
	for i, a := range d.Lists(t.Context(), all) {
		if !isUnavailable(a.Err) || a.List != nil {
			t.Errorf("%s: %+v", all[i], a)
		}
	}
	wrong := settings(s, s.URL())
	s.Start()
	wrong.Base = "dc=elsewhere"
	if a := open(t, wrong).Lists(t.Context(), all); !isUnavailable(a[1].Err) || errors.Is(a[1].Err, quota.ErrAbsent) {
		t.Errorf("below a base that does not exist: %+v", a[1])
	}
}

// counting is a relay to a server that counts the searches on the way.
type counting struct {
	url      string
	searches atomic.Int64
}

// searchRequest is the tag of LDAP's SearchRequest (RFC 4511 section 4.5.1).
const searchRequest = 3

func startCounting(t testing.TB, s *servers.Slapd) *counting {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ln.Close() })
	c := &counting{url: "ldap://" + ln.Addr().String()}
	go func() {
		for {
			client, err := ln.Accept()
			if err != nil {
				return
			}
			go c.relay(client, strings.TrimPrefix(s.URL(), "ldap://"))
		}
	}()
	return c
}

func (c *counting) relay(client net.Conn, address string) {
	defer client.Close() //nolint:errcheck // either side may have
	server, err := net.Dial("tcp", address)
	if err != nil {
		return
	}
	defer server.Close() //nolint:errcheck // either side may have
	go func() { _, _ = io.Copy(client, server) }()
	for {
		packet, err := ber.ReadPacket(client)
		if err != nil {
			return
		}
		if len(packet.Children) > 1 && packet.Children[1].Tag == searchRequest {
			c.searches.Add(1)
		}
		if _, err := server.Write(packet.Bytes()); err != nil {
			return
		}
	}
}

// TestFiveThousandColdAddresses counts, on their way to the server, the searches
// for 5000 addresses of which 20 are lists, and those for the same again.
func TestFiveThousandColdAddresses(t *testing.T) {
	s := startLists(t)
	s.Add(manyLists(20, 40))
	c := startCounting(t, s)
	d := open(t, listSettings(s, c.url))
	all := fiveThousand(20)
	start := time.Now()
	answers := d.Lists(t.Context(), all)
	cold := time.Since(start)
	lists := 0
	for i, a := range answers {
		if a.Err != nil {
			t.Fatalf("%s: %v", all[i], a.Err)
		}
		if a.List != nil {
			lists++
			if a.List.Members != 40 || ids(a.List.Owners) == "" {
				t.Errorf("%s: %+v", all[i], a.List)
			}
		}
	}
	searches := c.searches.Load()
	if lists != 20 || searches > 34+2*20 {
		t.Errorf("%d lists, %d searches", lists, searches)
	}
	start = time.Now()
	d.Lists(t.Context(), all)
	if c.searches.Load() != searches {
		t.Errorf("warm: %d more searches", c.searches.Load()-searches)
	}
	t.Logf("cold: %d searches, %v; warm: none, %v", searches, cold, time.Since(start))
}

// manyLists are lists list0@listes.test and so on, all of one owner.
func manyLists(n, members int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "dn: cn=list%d,ou=lists,dc=ent,dc=test\nobjectClass: groupOfNames\nobjectClass: rqList\ncn: list%d\n"+
			"mail: list%d@listes.test\nowner: uid=mdurand,ou=people,dc=ent,dc=test\n", i, i, i)
		for m := range members {
			fmt.Fprintf(&b, "member: uid=member%d,ou=people,dc=ent,dc=test\n", m)
		}
		b.WriteString("\n")
	}
	return b.String()
}

func fiveThousand(lists int) []string {
	var all []string
	for i := range 5000 {
		name := "person"
		if i < lists {
			name = "list"
		}
		all = append(all, fmt.Sprintf("%s%d@listes.test", name, i))
	}
	slices.Sort(all)
	return all
}

// BenchmarkColdLists asks about 5000 addresses, of which 20 are lists, that are
// not remembered.
func BenchmarkColdLists(b *testing.B) {
	s := startLists(b)
	s.Add(manyLists(20, 40))
	config := listSettings(s, s.URL())
	config.TTL.Duration, config.NegativeTTL.Duration = 1, 1
	d, err := ldapcache.Open(config, nil)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = d.Close() }()
	all := fiveThousand(20)
	b.ReportAllocs()
	for b.Loop() {
		if answers := d.Lists(b.Context(), all); answers[0].Err != nil {
			b.Fatal(answers[0].Err)
		}
	}
}
