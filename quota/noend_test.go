package quota

import (
	"testing"
)

// TestNoEnd: no list accepts a message whose header is not shown, and nothing is left to
// do at an end that is not shown.
func TestNoEnd(t *testing.T) {
	const lax = "[[lists.domain]]\nname = \"lax.fr\"\nunauthorised = \"pass\"\nsender_check = false\nreply_to = \"keep\"\n"
	d := newListed()
	d.lists["owned@lax.fr"] = d.lists["owned@l.fr"]
	for _, c := range []struct {
		login, from, to string
		action          Action
		reason          Reason
		list            string
	}{
		{"owner", "owner@entmip.fr", "owned@l.fr", Refuse, ListUnchecked, "owned@l.fr"},
		{"owner", "owner@entmip.fr", "owned@open.fr", Refuse, ListUnchecked, "owned@open.fr"},
		{"owner", "owner@entmip.fr", "owned@lax.fr", Refuse, ListUnchecked, "owned@lax.fr"},
		{"member", "member@entmip.fr", "owned@lax.fr", Refuse, ListUnchecked, "owned@lax.fr"},
		{"", "x@y.fr", "owned@open.fr", Refuse, ListUnchecked, "owned@open.fr"},
		{"member", "member@entmip.fr", "owned@l.fr", Refuse, ListPosting, "owned@l.fr"},
		{"member", "member@entmip.fr", "owned@re.fr", Refuse, ListPosting, "owned@re.fr"},
		{"owner", "", "owned@l.fr", Refuse, ListAutomatic, "owned@l.fr"},
		{"owner", "owner@entmip.fr", "away@l.fr", Defer, DirectoryUnavailable, "@l.fr"},
		{"stale", "owner@entmip.fr", "owned@open.fr", Defer, DirectoryUnavailable, "owned@open.fr"},
		{"owner", "owner@entmip.fr", "person@l.fr", Accept, NoReason, ""},
		{"owner", "owner@entmip.fr", "owned-request@l.fr", Accept, NoReason, ""},
	} {
		m := &Message{Login: c.login, EnvelopeSender: c.from, Recipients: envelope(c.to, "a@example.org"), NoEnd: true}
		v := listPolicy(t, listRules+lax, d, nil).Judge(t.Context(), m)
		if v.Action != c.action || v.Reason != c.reason || v.List != c.list {
			t.Errorf("%s to %s: %v, %v, %q", c.login, c.to, v.Action, v.Reason, v.List)
		}
		if v.Posting != nil {
			t.Errorf("%s to %s: posting %+v", c.login, c.to, v.Posting)
		}
		v = listPolicy(t, "enforce = false\n"+listRules+lax, d, nil).Judge(t.Context(), m)
		if !v.Action.Passes() || v.Reason != c.reason || v.Posting != nil {
			t.Errorf("not enforced, %s to %s: %v, %v, %+v", c.login, c.to, v.Action, v.Reason, v.Posting)
		}
	}
}

// TestHeaderUnseen: on a connection that was made before there were lists, a post waits;
// what is certain without the header is decided.
func TestHeaderUnseen(t *testing.T) {
	d := newListed()
	for _, c := range []struct {
		login, from, to string
		action          Action
		reason          Reason
	}{
		{"owner", "owner@entmip.fr", "owned@l.fr", Defer, DirectoryUnavailable},
		{"owner", "owner@entmip.fr", "owned@open.fr", Defer, DirectoryUnavailable},
		{"member", "member@entmip.fr", "owned@re.fr", Defer, DirectoryUnavailable},
		{"member", "member@entmip.fr", "owned@l.fr", Refuse, ListPosting},
		{"owner", "owner@entmip.fr", "person@l.fr", Accept, NoReason},
		{"owner", "owner@entmip.fr", "a@example.org", Accept, NoReason},
	} {
		m := &Message{Login: c.login, EnvelopeSender: c.from, Recipients: envelope(c.to, "a@example.org"), HeaderUnseen: true}
		v := listPolicy(t, listRules, d, nil).Judge(t.Context(), m)
		if v.Action != c.action || v.Reason != c.reason {
			t.Errorf("%s to %s: %v, %v", c.login, c.to, v.Action, v.Reason)
		}
	}
}
