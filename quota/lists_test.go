package quota

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"reflect"
	"slices"
	"testing"

	"github.com/rcptquota/rcptquota/quota/list"
	"github.com/rcptquota/rcptquota/quota/list/from"
)

// listed is a directory of persons and lists that records what it is asked.
type listed struct {
	people
	lists map[string]*list.List
	asked [][]string
}

// Lists implements Directory. It cannot answer about addresses that begin with "away".
func (l *listed) Lists(_ context.Context, addresses []string) []list.Answer {
	l.asked = append(l.asked, slices.Sorted(slices.Values(addresses)))
	answers := make([]list.Answer, len(addresses))
	for i, a := range addresses {
		answers[i].List = l.lists[a]
		if a[:4] == "away" {
			answers[i].Err = errAway
		}
	}
	return answers
}

func person(name string) list.Person {
	return list.Person{ID: name, Addresses: []string{name + "@entmip.fr", name + "@ecollege31.fr"}}
}

var errNobody = errors.New("uid=gone: nobody")

// newListed is a school with an owner, a moderator, a member, and lists that are as their
// names say.
func newListed() *listed {
	owner, moderator := person("owner"), person("moderator")
	l := &listed{people: people{}, lists: map[string]*list.List{
		"owned@l.fr":     {Owners: []list.Person{owner}, Members: 40},
		"moderated@l.fr": {Owners: []list.Person{owner}, Moderators: []list.Person{moderator}, Moderated: true, Members: 40},
		"both@l.fr":      {Owners: []list.Person{owner}, Moderators: []list.Person{moderator, owner}, Moderated: true},
		"gone@l.fr":      {Owners: []list.Person{owner}, Moderated: true, Fault: errNobody},
		"nobody@l.fr":    {},
		"owned@open.fr":  {Owners: []list.Person{owner}, Members: 40},
		"owned@re.fr":    {Owners: []list.Person{owner}, Members: 40},
		"gone@re.fr":     {Owners: []list.Person{owner}, Moderated: true, Fault: errNobody},
	}}
	for _, name := range []string{"owner", "moderator", "member"} {
		l.people[name] = Sender{ID: name, Addresses: person(name).Addresses}
	}
	stale := l.people["owner"]
	stale.Stale = errAway
	l.people["stale"] = stale
	doubt := l.people["owner"]
	doubt.Doubt = errAway
	l.people["doubt"] = doubt
	l.people["nameless"] = Sender{Addresses: []string{"nameless@entmip.fr"}}
	return l
}

const listRules = `
[senders]
exempt_networks = ["192.0.2.25"]
[lists]
domains = ["l.fr"]
[[lists.domain]]
name = "open.fr"
unauthorised = "pass"
[[lists.domain]]
name = "re.fr"
unauthorised = "redirect"
`

func listPolicy(t testing.TB, text string, directory Directory, counter Counter) *Policy {
	t.Helper()
	return NewPolicy(mustRules(t, text), directory, counter)
}

func envelope(addresses ...string) *Recipients {
	var r Recipients
	for _, a := range addresses {
		r.Add(a)
	}
	return &r
}

// own returns the addresses of a person of newListed.
func own(login string) []string { return person(login).Addresses }

// TestPosting is the table of who may do what with a list.
func TestPosting(t *testing.T) {
	policy := listPolicy(t, listRules, newListed(), nil)
	owners, moderators := []string{"owner@entmip.fr"}, []string{"moderator@entmip.fr"}
	post := func(login string, replyTo ...string) *list.Posting {
		return &list.Posting{From: own(login), Poster: own(login), ReplyTo: replyTo, Enforced: true}
	}
	redirect := func(address string) *list.Posting {
		return &list.Posting{Redirects: []list.Redirection{{Recipient: address, To: owners}}, RefuseGenerated: true, Enforced: true}
	}
	for _, c := range []struct {
		login   string // the envelope sender is login@entmip.fr
		list    string
		action  Action
		reason  Reason
		posting *list.Posting
	}{
		{"owner", "owned@l.fr", Accept, NoReason, post("owner", owners...)},
		{"member", "owned@l.fr", Refuse, ListPosting, nil},
		{"stranger", "owned@l.fr", Refuse, ListPosting, nil},
		{"twice", "owned@l.fr", Refuse, ListPosting, nil},
		{"owner", "moderated@l.fr", Refuse, ListPosting, nil},
		{"moderator", "moderated@l.fr", Accept, NoReason, post("moderator", moderators...)},
		{"member", "moderated@l.fr", Refuse, ListPosting, nil},
		{"owner", "both@l.fr", Accept, NoReason, post("owner", "moderator@entmip.fr", "owner@entmip.fr")},
		{"owner", "gone@l.fr", Refuse, ListPosting, nil},
		{"moderator", "gone@l.fr", Refuse, ListPosting, nil},
		{"owner", "nobody@l.fr", Refuse, ListPosting, nil},
		{"nameless", "nobody@l.fr", Refuse, ListPosting, nil},
		{"owner", "away@l.fr", Defer, DirectoryUnavailable, nil},
		{"stale", "owned@l.fr", Defer, DirectoryUnavailable, nil},
		{"away", "owned@l.fr", Defer, DirectoryUnavailable, nil},
		{"away", "person@l.fr", Accept, NoReason, nil},
		{"", "owned@l.fr", Refuse, ListPosting, nil},
		{"", "away@l.fr", Defer, DirectoryUnavailable, nil},
		{"member", "owned@open.fr", Accept, NoReason, &list.Posting{RefuseGenerated: true, Enforced: true}},
		{"owner", "owned@open.fr", Accept, NoReason, &list.Posting{Poster: own("owner"), ReplyTo: owners, Enforced: true}},
		{"", "owned@open.fr", Accept, Unauthenticated, &list.Posting{RefuseGenerated: true, Enforced: true}},
		{"owner", "owned@re.fr", Accept, NoReason, post("owner", owners...)},
		{"member", "owned@re.fr", Redirect, ListPosting, redirect("owned@re.fr")},
		{"owner", "gone@re.fr", Refuse, ListPosting, nil},
		{"member", "owned@elsewhere.fr", Accept, NoReason, nil},
	} {
		from := c.login + "@entmip.fr"
		v := policy.Judge(t.Context(), &Message{Login: c.login, EnvelopeSender: from, Recipients: envelope(c.list, "person@example.org")})
		if v.Action != c.action || v.Reason != c.reason {
			t.Errorf("%s to %s: %v, %v; want %v, %v", c.login, c.list, v.Action, v.Reason, c.action, c.reason)
		}
		name := c.list
		if name == "away@l.fr" { // it may be a person's
			name = "@l.fr"
		}
		if v.Reason != NoReason && v.Reason != Unauthenticated && v.List != name {
			t.Errorf("%s to %s: list %q, want %q", c.login, c.list, v.List, name)
		}
		checkPosting(t, c.login+" to "+c.list, v.Posting, c.posting)
	}
}

// checkPosting compares everything but the name of the list.
func checkPosting(t *testing.T, name string, got, want *list.Posting) {
	t.Helper()
	if got != nil && want != nil {
		g := *got
		g.List, g.Moderated = want.List, want.Moderated
		got = &g
	}
	if want == nil && got != nil && got.List == "" { // only says that the domain is a list domain
		return
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s: posting %+v, want %+v", name, got, want)
	}
}

func TestPostingInbound(t *testing.T) {
	policy := listPolicy(t, listRules, newListed(), nil)
	for _, c := range []struct {
		client, from, to string
		action           Action
		reason           Reason
	}{
		{"203.0.113.1", "owner@entmip.fr", "owned@l.fr", Refuse, ListPosting},
		{"203.0.113.1", "", "owned@l.fr", Refuse, ListAutomatic},
		{"203.0.113.1", "", "owned@open.fr", Refuse, ListAutomatic},
		{"203.0.113.1", "", "owned@re.fr", Refuse, ListAutomatic},
		{"203.0.113.1", "", "owned-bounces@l.fr", Accept, NoReason},
		{"203.0.113.1", "", "person@l.fr", Accept, NoReason},
		{"203.0.113.1", "", "away@l.fr", Defer, DirectoryUnavailable},
		{"203.0.113.1", "x@y.fr", "owned@re.fr", Redirect, ListPosting},
		{"203.0.113.1", "x@y.fr", "owned@open.fr", Accept, NoReason},
		{"192.0.2.25", "x@y.fr", "owned@l.fr", Accept, ExemptNetwork},
		{"192.0.2.25", "", "away@l.fr", Accept, ExemptNetwork},
	} {
		v := policy.Judge(t.Context(), &Message{
			Role: Inbound, Client: netip.MustParseAddr(c.client), EnvelopeSender: c.from, Recipients: envelope(c.to),
		})
		if v.Action != c.action || v.Reason != c.reason {
			t.Errorf("<%s> to %s: %v, %v; want %v, %v", c.from, c.to, v.Action, v.Reason, c.action, c.reason)
		}
		if exempt := c.reason == ExemptNetwork; v.Action.Passes() && (v.Posting == nil) != exempt {
			t.Errorf("<%s> to %s: posting %+v", c.from, c.to, v.Posting)
		}
	}
}

// TestOneLookup: the directory is asked once for each message, and not at all without a
// recipient that may be a list.
func TestOneLookup(t *testing.T) {
	d := newListed()
	policy := listPolicy(t, listRules, d, nil)
	judge := func(addresses ...string) {
		policy.Judge(t.Context(), &Message{Login: "owner", EnvelopeSender: "owner@entmip.fr", Recipients: envelope(addresses...)})
	}
	judge("a@example.org", "owned-owner@l.fr")
	judge("owned@l.fr", "x@l.fr", "a@example.org", "owned+x@l.fr", "owned@re.fr")
	want := [][]string{{"owned+x@l.fr", "owned@l.fr", "owned@l.fr", "owned@re.fr", "x@l.fr"}}
	if !reflect.DeepEqual(d.asked, want) {
		t.Errorf("asked %q, want %q", d.asked, want)
	}
}

// TestPostingOrder: certain refusals come before what is not known, and lists before the
// limits.
func TestPostingOrder(t *testing.T) {
	policy := listPolicy(t, listRules+"[class.x]\nrecipients = 2\n[class.y]\nrecipients = 20", newListed(), nil)
	for _, c := range []struct {
		login      string
		recipients []string
		action     Action
		reason     Reason
	}{
		{"member", []string{"away@l.fr", "owned@l.fr"}, Refuse, ListPosting},
		{"member", []string{"owned@l.fr", "a@b.fr", "c@b.fr"}, Refuse, ListPosting},
		{"owner", []string{"away@l.fr", "a@b.fr", "c@b.fr"}, Refuse, MessageLimit},
		{"owner", []string{"away@l.fr", "owned@l.fr"}, Defer, DirectoryUnavailable},
		{"member", []string{"owned@re.fr", "a@b.fr", "c@b.fr"}, Refuse, MessageLimit},
		{"member", []string{"owned@re.fr", "owned@l.fr"}, Refuse, ListPosting},
	} {
		v := policy.Judge(t.Context(), &Message{Login: c.login, EnvelopeSender: c.login + "@entmip.fr", Recipients: envelope(c.recipients...)})
		if v.Action != c.action || v.Reason != c.reason {
			t.Errorf("%s to %s: %v, %v", c.login, c.recipients, v.Action, v.Reason)
		}
	}
}

func TestListFault(t *testing.T) {
	policy := listPolicy(t, listRules, newListed(), nil)
	v := policy.Judge(t.Context(), &Message{Login: "owner", EnvelopeSender: "owner@entmip.fr", Recipients: envelope("gone@l.fr")})
	if !errors.Is(v.Err, errNobody) || !v.Moderated {
		t.Errorf("%+v", v)
	}
}

// TestWeight: a list counts as one, or as its members, in limits and windows.
func TestWeight(t *testing.T) {
	const windows = "[class.x]\nrecipients = 100\n[[class.x.window]]\nper = \"1h\"\nrecipients = 100\n"
	for text, want := range map[string]int{listRules: 3, listRules + windows: 3, "[lists]\ndomains = [\"l.fr\", \"re.fr\"]\nweight = \"members\"\n" + windows: 42} {
		counter := &answering{count: Count{Exceeded: -1}}
		policy := listPolicy(t, text, newListed(), counter)
		v := policy.Judge(t.Context(), &Message{
			Login: "owner", EnvelopeSender: "owner@entmip.fr", Recipients: envelope("owned@l.fr", "a@example.org", "nobody@elsewhere.fr"),
		})
		if v.Action != Accept || v.Recipients != want {
			t.Errorf("%s: %v, %d recipients, want %d", text, v.Action, v.Recipients, want)
		}
		if len(counter.asked) > 0 && (counter.asked[0].N != want || len(slices.Compact(counter.recipients)) != want) {
			t.Errorf("reserved %d: %q", counter.asked[0].N, counter.recipients)
		}
	}
	policy := listPolicy(t, "[lists]\ndomains = [\"l.fr\"]\nweight = \"members\"\n[class.x]\nrecipients = 39", newListed(), nil)
	v := policy.Judge(t.Context(), &Message{Login: "owner", EnvelopeSender: "owner@entmip.fr", Recipients: envelope("owned@l.fr")})
	if v.Action != Refuse || v.Reason != MessageLimit || v.Recipients != 40 || v.List != "owned@l.fr" || v.Members != 40 {
		t.Errorf("40 members, of 39: %+v", v)
	}
}

// TestListTooLong: the verdict names a list that alone is too long for a message or a
// window, and none where leaving out other recipients would help.
func TestListTooLong(t *testing.T) {
	const lists = "[lists]\ndomains = [\"l.fr\"]\nweight = \"members\"\n"
	window := func(n int) string {
		return fmt.Sprintf("[class.x]\nrecipients = 100\n[[class.x.window]]\nper = \"1h\"\nrecipients = %d\n", n)
	}
	for _, c := range []struct {
		rules string
		more  []string
		want  int
	}{
		{lists + "[class.x]\nrecipients = 39\n", nil, 40},
		{lists + "[class.x]\nrecipients = 39\n", []string{"a@b.fr"}, 40},
		{lists + "[class.x]\nrecipients = 40\n", []string{"a@b.fr"}, 0},
		{"[lists]\ndomains = [\"l.fr\"]\n[class.x]\nrecipients = 1\n", []string{"a@b.fr"}, 0},
		{lists + window(39), nil, 40},
		{lists + window(40), []string{"a@b.fr"}, 0},
	} {
		policy := listPolicy(t, c.rules, newListed(), &answering{count: Count{Exceeded: -1}})
		v := policy.Judge(t.Context(), &Message{Login: "owner", EnvelopeSender: "owner@entmip.fr", Recipients: envelope(append(c.more, "owned@l.fr")...)})
		if v.Action != Refuse || v.Members != c.want {
			t.Errorf("%s%q: %v, %v, %d members, want %d", c.rules, c.more, v.Action, v.Reason, v.Members, c.want)
		}
	}
}

// TestLateRefusal: a post may be refused because of its header. That settles nothing, and
// changes neither the verdict at DATA nor the header.
func TestLateRefusal(t *testing.T) {
	counter := &answering{count: Count{Exceeded: -1}, err: nil}
	policy := listPolicy(t, listRules+"[class.x]\nrecipients = 9\n[[class.x.window]]\nper = \"1h\"\nrecipients = 9\n", newListed(), counter)
	before := policy.Judge(t.Context(), &Message{Login: "owner", EnvelopeSender: "owner@entmip.fr", Recipients: envelope("owned@l.fr")})
	for name, c := range map[string]struct {
		header list.Header
		want   Action
		reason Reason
	}{
		"goes":      {list.Header{From: []string{"Owner <owner@entmip.fr>"}}, Accept, NoReason},
		"other":     {list.Header{From: []string{"member@entmip.fr"}}, Refuse, ListFrom},
		"automatic": {list.Header{From: []string{"owner@entmip.fr"}, Automatic: true}, Refuse, ListAutomatic},
		"too many":  {list.Header{From: []string{"owner@entmip.fr"}, ReplyTo: 1000}, Refuse, ListHeader},
	} {
		was := before
		v := policy.JudgeHeader(&before, &Header{Header: c.header})
		if v.Action != c.want || v.Reason != c.reason || v.Ticket != before.Ticket {
			t.Errorf("%s: %+v", name, v)
		}
		if before != was {
			t.Errorf("%s: the verdict before became %+v", name, before)
		}
	}
}

func TestEnvelopeOfAnother(t *testing.T) {
	policy := listPolicy(t, listRules, newListed(), nil)
	for envelopeSender, want := range map[string]from.Fault{
		"owner@entmip.fr": from.NoFault, "Owner@ECOLLEGE31.fr": from.NoFault, "member@entmip.fr": from.Envelope, "owner@private.fr": from.Envelope,
	} {
		v := policy.Judge(t.Context(), &Message{Login: "owner", EnvelopeSender: envelopeSender, Recipients: envelope("owned@l.fr")})
		if v.FromFault != want || (v.Reason == ListFrom) != (want != from.NoFault) {
			t.Errorf("%s: %v, %v", envelopeSender, v.Reason, v.FromFault)
		}
	}
}

// TestDoubtAboutPremium: for lists it does not matter who is premium.
func TestDoubtAboutPremium(t *testing.T) {
	policy := listPolicy(t, listRules, newListed(), nil)
	v := policy.Judge(t.Context(), &Message{Login: "doubt", EnvelopeSender: "owner@entmip.fr", Recipients: envelope("owned@l.fr")})
	if v.Action != Accept || !v.Degraded {
		t.Errorf("%+v", v)
	}
	// A deferral because of that doubt does not name a list.
	policy = listPolicy(t, listRules+"[class.x]\nrecipients = 9\n[[class.x.window]]\nper = \"1h\"\nrecipients = 1\n", newListed(), nil)
	v = policy.Judge(t.Context(), &Message{Login: "doubt", EnvelopeSender: "owner@entmip.fr", Recipients: envelope("owned@l.fr", "a@b.fr")})
	if v.Action != Defer || v.List != "" {
		t.Errorf("%+v", v)
	}
}
