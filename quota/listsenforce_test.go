package quota

import (
	"fmt"
	"testing"

	"github.com/rcptquota/rcptquota/quota/list"
)

// TestListsNotEnforced: nothing is refused, nothing changed.
func TestListsNotEnforced(t *testing.T) {
	policy := listPolicy(t, "enforce = false\n"+listRules, newListed(), nil)
	for _, c := range []struct {
		login, list string
		reason      Reason
	}{
		{"member", "owned@l.fr", ListPosting},
		{"member", "owned@re.fr", ListPosting},
		{"member", "away@l.fr", DirectoryUnavailable},
		{"owner", "owned@l.fr", NoReason},
		{"", "owned@l.fr", ListPosting},
	} {
		v := policy.Judge(t.Context(), &Message{Login: c.login, EnvelopeSender: c.login + "@entmip.fr", Recipients: envelope(c.list)})
		want := WouldRefuse
		if c.reason == NoReason {
			want = Accept
		}
		if v.Action != want || v.Reason != c.reason {
			t.Errorf("%s to %s: %v, %v", c.login, c.list, v.Action, v.Reason)
		}
		if p := v.Posting; p != nil && (p.Enforced || p.ReplyTo != nil || p.Redirects != nil) {
			t.Errorf("%s to %s: posting %+v", c.login, c.list, p)
		}
		h := Header{Header: list.Header{From: []string{"x@y.fr"}}}
		h.Add("Sender", "x@y.fr")
		if v := policy.JudgeHeader(&v, &h); !v.Action.Passes() || v.Posting != nil && v.Posting.Remove != nil {
			t.Errorf("%s to %s at its end: %v, %+v", c.login, c.list, v.Action, v.Posting)
		}
	}
}

// TestUnknownIsEnforced: a sender who may be of an enforced class does not get a post
// through because that cannot be known now.
func TestUnknownIsEnforced(t *testing.T) {
	const trial = "default_class = \"trial\"\n[class.trial]\nrecipients = 9\nenforce = false\n"
	const some = trial + "[class.x]\nrecipients = 9\nmatch = { domain = [\"entmip.fr\"] }\n"
	many := []string{"owned@l.fr"}
	for i := range 9 {
		many = append(many, fmt.Sprintf("r%d@example.org", i))
	}
	for _, c := range []struct {
		rules, from string
		to          []string
		action      Action
		reason      Reason
	}{
		{trial, "away@entmip.fr", many[:1], WouldRefuse, DirectoryUnavailable},
		{some, "away@entmip.fr", many[:1], Defer, DirectoryUnavailable},
		{some, "away@entmip.fr", many, Defer, DirectoryUnavailable},
		{some, "", many[:1], Defer, DirectoryUnavailable},
		{"", "", many[:1], Refuse, ListAutomatic},
	} {
		policy := listPolicy(t, c.rules+listRules, newListed(), nil)
		v := policy.Judge(t.Context(), &Message{Login: "away", EnvelopeSender: c.from, Recipients: envelope(c.to...)})
		if v.Action != c.action || v.Reason != c.reason {
			t.Errorf("%+v: %v, %v", c, v.Action, v.Reason)
		}
	}
}

// TestSummaryOfExceptions: the summary says for whom lists are open.
func TestSummaryOfExceptions(t *testing.T) {
	const (
		one      = "[class.a]\nrecipients = 5\n"
		open     = "[class.b]\nrecipients = 6\nenforce = false\n"
		enforced = "[class.b]\nrecipients = 6\nenforce = true\n"
		lists    = "[lists]\ndomains = [\"l.fr\"]\n"
		line     = "lists in l.fr: who may not post is refused"
	)
	for text, want := range map[string]string{
		one:                                  line,
		one + open:                           line + "; not enforced for some classes",
		"enforce = false\n" + one:            line + "; not enforced: everybody may post",
		"enforce = false\n" + enforced:       line + "; not enforced for mail without a login",
		"enforce = false\n" + one + enforced: line + "; not enforced for some classes, nor for mail without a login",
	} {
		if lines := mustRules(t, text+lists).Summary(); lines[len(lines)-1] != want {
			t.Errorf("%s\n got %s\nwant %s", text, lines[len(lines)-1], want)
		}
	}
}
