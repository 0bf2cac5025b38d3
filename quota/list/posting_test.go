package list

import (
	"reflect"
	"slices"
	"testing"
)

// TestAgentsOfAPost: such fields are removed only where From is checked.
func TestAgentsOfAPost(t *testing.T) {
	for rules, want := range map[string][]string{
		"[lists]\ndomains = [\"l.fr\"]\n":                          {"Sender"},
		"[lists]\ndomains = [\"l.fr\"]\nsender_check = false\n":    nil,
		"[lists]\ndomains = [\"l.fr\"]\nunauthorised = \"pass\"\n": nil,
	} {
		d := decide(t, mustRules(t, rules), newListed(), "owner", "owned@l.fr")
		h := Header{From: []string{"owner@entmip.fr"}}
		h.Add("Sender", "directeur@entmip.fr")
		if p, refusal, _ := d.Posting.JudgeHeader(&h, "owner"); refusal != NotRefused || !slices.Equal(p.Remove, want) {
			t.Errorf("%s: %v, %q, want %q", rules, refusal, p.Remove, want)
		}
	}
}

// TestTooManyFields: a post is refused if more fields of one name would have to be removed
// than the MTA can be asked to.
func TestTooManyFields(t *testing.T) {
	d := decide(t, mustRules(t, someRules), newListed(), "owner", "owned@l.fr")
	for _, c := range []struct {
		replyTo, xSender, senders int
		want                      Refusal
	}{
		{maxFields, maxFields, maxFields, NotRefused},
		{maxFields + 1, 0, 0, TooManyFields},
		{0, maxFields + 1, 0, TooManyFields},
		{0, 0, maxFields + 1, TooManyFields},
	} {
		h := Header{From: []string{"owner@entmip.fr"}, ReplyTo: c.replyTo, XSender: c.xSender}
		for range c.senders {
			h.Add("Sender", "owner@entmip.fr")
		}
		if _, refusal, _ := d.Posting.JudgeHeader(&h, "owner"); refusal != c.want {
			t.Errorf("%+v: %v", c, refusal)
		}
	}
}

// TestReplyToOfThePost: replies go to that address of the poster that is in From.
func TestReplyToOfThePost(t *testing.T) {
	d := newListed()
	d["two@l.fr"] = &List{Owners: []Person{person("moderator"), person("owner")}}
	for _, c := range []struct {
		rules, from string
		want        []string
	}{
		{"", "owner@entmip.fr", []string{"moderator@entmip.fr", "owner@entmip.fr"}},
		{"", "Owner <Owner@ECOLLEGE31.fr>", []string{"moderator@entmip.fr", "owner@ecollege31.fr"}},
		{"sender_check = false\n", "owner@ecollege31.fr", []string{"moderator@entmip.fr", "owner@ecollege31.fr"}},
		{"sender_check = false\n", "x@y.fr", []string{"moderator@entmip.fr", "owner@entmip.fr"}},
		{"sender_check = false\n", "moderator@ecollege31.fr", []string{"moderator@entmip.fr", "owner@entmip.fr"}},
		{"sender_check = false\n", "no address", []string{"moderator@entmip.fr", "owner@entmip.fr"}},
		{"reply_to = \"keep\"\n", "owner@ecollege31.fr", nil},
	} {
		d := decide(t, mustRules(t, "[lists]\ndomains = [\"l.fr\"]\n"+c.rules), d, "owner", "two@l.fr")
		p, refusal, _ := d.Posting.JudgeHeader(&Header{From: []string{c.from}}, "owner")
		if refusal != NotRefused || !slices.Equal(p.ReplyTo, c.want) {
			t.Errorf("%q: %v, %q, want %q", c.from, refusal, p.ReplyTo, c.want)
		}
	}
}

func TestMerge(t *testing.T) {
	a := &Posting{Redirects: []Redirection{{Recipient: "a"}}}
	b := &Posting{List: "b", Enforced: true, Redirects: []Redirection{{Recipient: "b"}}}
	if got := (*Posting)(nil).Merge(a); got != a {
		t.Errorf("%+v", got)
	}
	if got := a.Merge(nil); got != a {
		t.Errorf("%+v", got)
	}
	before := [2]Posting{*a, *b}
	got := a.Merge(b)
	if !reflect.DeepEqual(before, [2]Posting{*a, *b}) {
		t.Errorf("merging changed %+v, %+v", a, b)
	}
	if got.List != "b" || !got.Enforced || len(got.Redirects) != 2 {
		t.Errorf("%+v", got)
	}
}
