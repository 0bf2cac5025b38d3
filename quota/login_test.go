package quota

import (
	"net/netip"
	"testing"
)

// namingRules name logins beside classes that match by domain and premium.
const namingRules = `
default_class = "ecollege31"
[class.ecollege31]
recipients = 150
match = { domain = ["ecollege31.fr"] }
[class.entmip]
recipients = 500
match = { domain = ["entmip.fr"], login = ["Anne"] }
[class.premium]
recipients = 5000
[class.named]
recipients = 5
match = { login = ["dir", "grand", "away", "service", "Scanner@X.fr"] }
`

// TestNamedLogin: the class that names a login comes before all others, in whatever case
// the login is written, and refuses for good even while the directory is away.
func TestNamedLogin(t *testing.T) {
	policy := NewPolicy(mustRules(t, namingRules+"[senders]\ntrusted_submitters = [\"192.0.2.7\"]\n"), school, nil)
	for _, c := range []struct {
		login, from string
		n           int
		class       string
		action      Action
		degraded    bool
		premium     bool
	}{
		{login: "anne", n: 500, class: "entmip", action: Accept},
		{login: "paul", n: 500, class: "entmip", action: Accept},
		{login: "dir", n: 6, class: "named", action: Refuse, premium: true},
		{login: "DIR", n: 5, class: "named", action: Accept},
		{login: "grand", n: 6, class: "named", action: Refuse, degraded: true, premium: true}, // stale
		{login: "away", n: 6, class: "named", action: Refuse, degraded: true},
		{login: "Away", n: 6, class: "named", action: Refuse},
		{login: "service", n: 6, class: "named", action: Refuse},
		{from: "scanner@x.fr", n: 6, class: "named", action: Refuse},
		{login: "service2", n: 6, class: "ecollege31", action: Accept},
	} {
		m := &Message{Login: c.login, EnvelopeSender: c.from, Recipients: recipients(c.n)}
		if c.login == "" {
			m.Client = netip.MustParseAddr("192.0.2.7")
		}
		v := policy.Judge(t.Context(), m)
		if v.Class != c.class || v.Action != c.action || v.Degraded != c.degraded || v.Premium != c.premium {
			t.Errorf("%q to %d: %v, %v, class %s, degraded %v, premium %v", c.login, c.n, v.Action, v.Reason, v.Class, v.Degraded, v.Premium)
		}
		sender := school[c.login]
		if got := policy.rules.ClassOf(c.login+c.from, &sender); got != c.class {
			t.Errorf("%q: check tells class %s", c.login, got)
		}
	}
}

// TestNamedLoginAndLists: whether lists are closed to a named login is known while the
// directory is away; who may post is not.
func TestNamedLoginAndLists(t *testing.T) {
	const named = "[class.closed]\nrecipients = 5\n[class.named]\nrecipients = 5\nmatch = { login = [\"away\"] }\n"
	for _, c := range []struct {
		rules, from string
		action      Action
		reason      Reason
	}{
		{named, "away@entmip.fr", Defer, DirectoryUnavailable},
		{named, "", Refuse, ListAutomatic},
		{named + "[class.open]\nrecipients = 5\nenforce = false\n", "", Refuse, ListAutomatic},
		{named + "enforce = false\n", "away@entmip.fr", WouldRefuse, DirectoryUnavailable},
		{named + "enforce = false\n", "", WouldRefuse, ListAutomatic},
	} {
		v := listPolicy(t, listRules+c.rules, newListed(), nil).Judge(t.Context(), &Message{
			Login: "away", EnvelopeSender: c.from, Recipients: envelope("owned@l.fr"),
		})
		if v.Action != c.action || v.Reason != c.reason {
			t.Errorf("%s from %q: %v, %v", c.rules, c.from, v.Action, v.Reason)
		}
	}
}

// TestNamedLoginWindow: a window of a named login refuses for good while the directory is
// away, and counts under the login.
func TestNamedLoginWindow(t *testing.T) {
	const windows = "[class.named]\nrecipients = 5\nmatch = { login = [\"away\"] }\n" +
		"[[class.named.window]]\nper = \"1h\"\nrecipients = 5\nexceeded = \"refuse\"\n[class.other]\nrecipients = 50\n"
	v := NewPolicy(mustRules(t, windows), school, &answering{count: Count{Exceeded: 0}}).Judge(t.Context(), &Message{Login: "away", Recipients: recipients(3)})
	if v.Action != Refuse || v.Reason != WindowLimit || !v.Degraded {
		t.Errorf("%v, %v", v.Action, v.Reason)
	}
	v = NewPolicy(mustRules(t, windows), school, &answering{count: Count{Exceeded: -1}}).Judge(t.Context(), &Message{Login: "AWAY", Recipients: recipients(3)})
	if v.Action != Accept || v.Ticket.Sender != "away" {
		t.Errorf("%v, ticket of %q", v.Action, v.Ticket.Sender)
	}
}

// TestNamedLoginWithGrant: while the directory is away, a named login may have been granted
// more under another name of the same person; nothing that such a grant would allow is
// refused for good.
func TestNamedLoginWithGrant(t *testing.T) {
	const rules = "[class.named]\nrecipients = 5\nmatch = { login = [\"away\"] }\n[class.other]\nrecipients = 50\n"
	for name, c := range map[string]struct {
		grants Grants
		n      int
		action Action
		reason Reason
	}{
		"nothing is granted":   {given{}, 6, Refuse, MessageLimit},
		"to the login":         {given{of: map[string]int{"away": 10}}, 15, Accept, NoReason},
		"perhaps to the entry": {given{of: map[string]int{"cn=away": 10}}, 6, Defer, DirectoryUnavailable},
	} {
		v := granting(t, rules, c.grants, &answering{}).Judge(t.Context(), &Message{Login: "away", Recipients: recipients(c.n)})
		if v.Action != c.action || v.Reason != c.reason {
			t.Errorf("%s: %v, %v", name, v.Action, v.Reason)
		}
	}
}
