package quota

import (
	"context"
	"fmt"
	"net/netip"
	"testing"

	"github.com/rcptquota/rcptquota/quota/list"
)

// curious is a directory that counts how much it is asked.
type curious struct {
	senders, addresses int
	sender             Sender
	err                error
}

func (c *curious) Sender(context.Context, string) (Sender, error) {
	c.senders++
	return c.sender, c.err
}

func (c *curious) Lists(_ context.Context, addresses []string) []list.Answer {
	c.addresses += len(addresses)
	return make([]list.Answer, len(addresses))
}

// inListDomain returns n recipients, each of which may be a list.
func inListDomain(n int) *Recipients {
	var r Recipients
	for i := range n {
		r.Add(fmt.Sprintf("r%d@l.fr", i))
	}
	return &r
}

// TestNobodyIsAsked: more recipients than any class allows are refused before the directory
// is asked about the sender or lists.
func TestNobodyIsAsked(t *testing.T) {
	const (
		classes = "[class.a]\nrecipients = 150\n[class.b]\nrecipients = 500\n"
		open    = "[class.c]\nrecipients = 10\nenforce = false\n"
		senders = `[senders]
trusted_submitters = ["198.51.100.7"]
exempt_networks = ["192.0.2.25"]
exempt_recipients = ["r0"]
unauthenticated = "refuse"
[lists]
domains = ["l.fr"]
`
	)
	refusal := Verdict{Action: Refuse, Reason: MessageLimit, Facts: Facts{Recipients: 501, Limit: 500}}
	unauthenticated := Verdict{Action: WouldRefuse, Reason: Unauthenticated, Facts: Facts{Recipients: 501}}
	of := func(sender string) Verdict { v := refusal; v.Sender = sender; return v }
	for _, c := range []struct {
		name, rules string
		message     Message
		want        Verdict // zero where the directory has to be asked
	}{
		{"login", classes, Message{Login: "anne"}, of("anne")},
		{"no login", classes, Message{}, refusal},
		{"trusted submitter", classes, Message{Client: netip.MustParseAddr("198.51.100.7"), EnvelopeSender: "anne"}, of("anne")},
		{"a bounce of a trusted submitter", classes, Message{Client: netip.MustParseAddr("198.51.100.7")}, of("<>")},
		{"exempt network", classes, Message{Client: netip.MustParseAddr("192.0.2.25")}, Verdict{Action: Accept, Reason: ExemptNetwork, Facts: Facts{Recipients: 502}}},
		{"a class is not enforced", classes + open, Message{Login: "anne"}, Verdict{}},
		{"no login, not enforced", "enforce = false\n" + classes, Message{}, unauthenticated},
		{"no login, enforced for each class", "enforce = false\n" +
			"[class.a]\nrecipients = 500\nenforce = true\n", Message{}, unauthenticated},
	} {
		d := &curious{}
		policy := listPolicy(t, c.rules+senders, d, nil)
		c.message.Recipients = inListDomain(502) // r0 is not counted
		got := policy.Judge(t.Context(), &c.message)
		if unasked := d.senders+d.addresses == 0; unasked != (c.want != Verdict{}) {
			t.Errorf("%s: asked for %d senders and %d lists", c.name, d.senders, d.addresses)
		}
		if c.want != (Verdict{}) && got != c.want {
			t.Errorf("%s:\n got %+v\nwant %+v", c.name, got, c.want)
		}
		if c.want == (Verdict{}) && got.Reason == MessageLimit && got.Action == Refuse {
			t.Errorf("%s: %+v", c.name, got)
		}
	}
}

// TestListLookupsAreBounded: for a message that is over its sender's limit the directory is
// not asked about more lists than a person would write to.
func TestListLookupsAreBounded(t *testing.T) {
	const rules = "[class.a]\nrecipients = 150\n[class.b]\nrecipients = 5000\n[lists]\ndomains = [\"l.fr\"]\n"
	for _, c := range []struct {
		n      int
		err    error
		rules  string
		action Action
		asked  int
	}{
		{150, nil, rules, Accept, 150},
		{151, nil, rules, Refuse, 0},
		{5000, nil, rules, Refuse, 0},
		{5000, errAway, rules, Defer, 0},
		{151, nil, "enforce = false\n" + rules, WouldRefuse, 0},
		{150, nil, "enforce = false\n" + rules, Accept, 150},
		{151, errAway, "enforce = false\ndefault_class = \"a\"\n" + rules + "[class.c]\nrecipients = 9\nenforce = true\n", WouldRefuse, 151},
		{100, nil, "[class.a]\nrecipients = 10\n[class.b]\nrecipients = 5000\n[lists]\ndomains = [\"l.fr\"]\n", Refuse, 100},
	} {
		d := &curious{err: c.err}
		got := listPolicy(t, c.rules, d, nil).Judge(t.Context(), &Message{Login: "anne", EnvelopeSender: "anne@x.fr", Recipients: inListDomain(c.n)})
		if got.Action != c.action || d.addresses != c.asked {
			t.Errorf("%d recipients, %v: %v, %d addresses asked for; want %v, %d", c.n, c.err, got.Action, d.addresses, c.action, c.asked)
		}
	}
}

// TestNullSenders: a bounce from a trusted submitter has one recipient. With more, the null
// sender is treated as any other sender, of the default class.
func TestNullSenders(t *testing.T) {
	const text = `
[senders]
trusted_submitters = ["198.51.100.7"]
exempt_recipients = ["postmaster"]
[lists]
domains = ["l.fr"]
[class.all]
recipients = 10
[[class.all.window]]
per = "1h"
recipients = 8
[class.large]
recipients = 20
`
	rules := mustRules(t, text)
	list := envelope("owned@l.fr", "a@b.fr")
	bounce := recipients(1)
	bounce.Add("postmaster@b.fr")
	for name, c := range map[string]struct {
		recipients *Recipients
		want       Verdict
		asked      int
	}{
		"one":                      {bounce, Verdict{Action: Accept, Reason: Unauthenticated, Facts: Facts{Recipients: 1}}, 0},
		"two":                      {recipients(2), Verdict{Action: Accept, Facts: Facts{Sender: "<>", Class: "all", Recipients: 2, Limit: 10}}, 1},
		"more than the class has":  {recipients(11), Verdict{Action: Refuse, Reason: MessageLimit, Facts: Facts{Sender: "<>", Class: "all", Recipients: 11, Limit: 10}}, 0},
		"more than its window has": {recipients(9), Verdict{Action: Refuse, Reason: WindowLimit, Facts: Facts{Sender: "<>", Class: "all", Recipients: 9, Limit: 8}}, 0},
		"a list":                   {list, Verdict{Action: Refuse, Reason: ListAutomatic, Facts: Facts{Sender: "<>", Class: "all", Recipients: 2, Limit: 10, List: "owned@l.fr"}}, 0},
	} {
		counter := &answering{count: Count{Exceeded: -1}}
		policy := NewPolicy(rules, newListed(), counter)
		got := policy.Judge(t.Context(), &Message{Client: netip.MustParseAddr("198.51.100.7"), Recipients: c.recipients})
		got.Ticket, got.Window = Ticket{}, Window{}
		if got != c.want {
			t.Errorf("%s:\n got %+v\nwant %+v", name, got, c.want)
		}
		if len(counter.asked) != c.asked || c.asked > 0 && counter.asked[0].Sender != "<>" {
			t.Errorf("%s: reserved %+v", name, counter.asked)
		}
	}
}

// TestLoginThatLooksNull: the login "<>" is treated as any other.
func TestLoginThatLooksNull(t *testing.T) {
	policy := listPolicy(t, "[senders]\nunauthenticated = \"refuse\"\n[class.a]\nrecipients = 9\n", &curious{err: ErrAbsent}, nil)
	v := policy.Judge(t.Context(), &Message{Login: "<>", Recipients: recipients(1)})
	if v.Class != "a" || v.Reason != NoReason || !v.Unknown {
		t.Errorf("%+v", v)
	}
}
