package quota

import (
	"fmt"
	"reflect"
	"testing"

	"github.com/rcptquota/rcptquota/quota/list"
)

// TestRedirectsAreBounded: a message whose redirects would remove more than list.MaxRemovals
// addresses is refused by Judge itself, and reserves nothing.
func TestRedirectsAreBounded(t *testing.T) {
	const windows = "[class.x]\nrecipients = 200\n[[class.x.window]]\nper = \"1h\"\nrecipients = 200\n"
	for _, c := range []struct {
		lists, forms int
		want         Action
	}{
		{1, list.MaxRemovals, Redirect},
		{1, list.MaxRemovals + 1, Refuse},
		{list.MaxRemovals, 1, Redirect},
		{list.MaxRemovals + 1, 1, Refuse},
		{list.MaxRemovals / 2, 2, Redirect},
		{list.MaxRemovals/2 + 1, 2, Refuse},
	} {
		directory := newListed()
		var all []string
		for i := range c.lists {
			address := fmt.Sprintf("list%d@re.fr", i)
			all = append(all, address)
			directory.lists[address] = directory.lists["owned@re.fr"]
		}
		counter := &answering{count: Count{Exceeded: -1}}
		v := listPolicy(t, listRules+windows, directory, counter).Judge(t.Context(), &Message{
			Login: "member", EnvelopeSender: "member@entmip.fr", Recipients: envelope(all...),
			Forms: func(string) int { return c.forms },
		})
		if v.Action != c.want || v.Reason != ListPosting || v.List != "list0@re.fr" {
			t.Errorf("%d lists of %d forms: %v, %v, %s", c.lists, c.forms, v.Action, v.Reason, v.List)
		}
		if refused := v.Action == Refuse; refused != (len(counter.asked) == 0) || refused != (v.Posting == nil) {
			t.Errorf("%d lists of %d forms: %v, reserved %+v, posting %+v", c.lists, c.forms, v.Action, counter.asked, v.Posting)
		}
	}
}

// TestEarlierRecipients: in the inbound role the redirects of recipients answered earlier
// are counted too, each once.
func TestEarlierRecipients(t *testing.T) {
	policy := listPolicy(t, listRules, newListed(), nil)
	earlier := &list.Posting{Redirects: []list.Redirection{{Recipient: "one@re.fr"}, {Recipient: "owned@re.fr"}}}
	before := *earlier
	for _, c := range []struct {
		to    string
		forms int
		want  Action
	}{
		{"owned@re.fr", list.MaxRemovals / 2, Redirect},
		{"owned@re.fr", list.MaxRemovals/2 + 1, Refuse},
		{"gone2@re.fr", list.MaxRemovals, Accept}, // not a list
		{"third@re.fr", list.MaxRemovals / 3, Redirect},
		{"third@re.fr", list.MaxRemovals/3 + 1, Refuse},
	} {
		directory := newListed()
		directory.lists["third@re.fr"] = directory.lists["owned@re.fr"]
		policy.directory = directory
		v := policy.Judge(t.Context(), &Message{
			Role: Inbound, EnvelopeSender: "x@y.fr", Recipients: envelope(c.to),
			Forms: func(string) int { return c.forms }, Earlier: earlier,
		})
		if v.Action != c.want {
			t.Errorf("%s, %d forms: %v, want %v", c.to, c.forms, v.Action, c.want)
		}
	}
	if !reflect.DeepEqual(*earlier, before) {
		t.Errorf("what was left to do became %+v", earlier)
	}
}

func TestTogether(t *testing.T) {
	none := Verdict{}
	plain := Verdict{Action: Accept, Facts: Facts{Recipients: 1, List: "plain"}}
	redirected := Verdict{
		Action: Redirect, Reason: ListPosting, Facts: Facts{Recipients: 1, List: "redirected"},
		Due: Due{Posting: &list.Posting{Redirects: []list.Redirection{{Recipient: "redirected"}}}},
	}
	again := redirected
	again.Posting = &list.Posting{Redirects: []list.Redirection{{Recipient: "again"}}}
	for _, c := range []struct {
		before, last Verdict
		n            int
		told         string
		redirects    int
	}{
		{none, plain, 1, "plain", 0},
		{none, redirected, 1, "redirected", 1},
		{plain, redirected, 2, "redirected", 1},
		{redirected, plain, 2, "redirected", 1},
		{redirected, again, 2, "redirected", 2},
	} {
		v := Together(&c.before, &c.last, c.n)
		redirects := 0
		if v.Posting != nil {
			redirects = len(v.Posting.Redirects)
		}
		if v.List != c.told || redirects != c.redirects || v.Recipients != c.n {
			t.Errorf("%v then %v: %+v", c.before.Action, c.last.Action, v)
		}
	}
}

// TestInboundEnvelope: what remains to be done for a list is not lost on recipients that
// are answered after it.
func TestInboundEnvelope(t *testing.T) {
	policy := listPolicy(t, listRules, newListed(), nil)
	for _, envelopes := range [][]string{
		{"owned@re.fr", "a@example.org"},
		{"a@example.org", "owned@re.fr"},
		{"owned@re.fr", "owned-owner@re.fr"},
		{"owned@re.fr", "owned@open.fr"},
	} {
		var all Verdict
		for i, address := range envelopes {
			v := policy.Judge(t.Context(), &Message{Role: Inbound, EnvelopeSender: "x@y.fr", Recipients: envelope(address), Earlier: all.Posting})
			all = Together(&all, &v, i+1)
		}
		if all.Action != Redirect || len(all.Posting.Redirects) != 1 || all.Posting.Redirects[0].Recipient != "owned@re.fr" {
			t.Errorf("%q: %v, posting %+v", envelopes, all.Action, all.Posting)
		}
	}
}
