package quota

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/rcptquota/rcptquota/quota/list"
)

// showing is a header that shows n addresses, in To and in Cc.
func showing(n int) *Header {
	var h Header
	fields := []string{"To", "cc"}
	for i := range n {
		h.Add(fields[i%2], fmt.Sprintf("P%d <p%d@example.org>, p%d@example.org", i, i, i))
	}
	return &h
}

const visibleRules = `
default_class = "small"
[senders]
exempt_networks = ["192.0.2.25"]
trusted_submitters = ["192.0.2.7"]
[class.small]
recipients = 100
visible_recipients = 3
match = { domain = ["ecollege31.fr"] }
[class.large]
recipients = 500
match = { domain = ["entmip.fr"] }
[class.premium]
recipients = 5000
visible_recipients = 5
`

// TestVisibleRecipients: a message is judged by the addresses that To and Cc show, whatever
// its envelope, by the class of its sender, and nothing is refused for good on a class that
// is in doubt.
func TestVisibleRecipients(t *testing.T) {
	exempt, submitter := netip.MustParseAddr("192.0.2.25"), netip.MustParseAddr("192.0.2.7")
	for _, c := range []struct {
		name   string
		rules  string
		m      Message
		shows  int
		action Action
		reason Reason
		limit  int
	}{
		{name: "as many as may", m: Message{Login: "anne"}, shows: 3, action: Accept, limit: 100},
		{name: "one more", m: Message{Login: "anne"}, shows: 4, action: Refuse, reason: VisibleRecipients, limit: 3},
		{name: "absent", m: Message{Login: "nobody"}, shows: 4, action: Refuse, reason: VisibleRecipients, limit: 3},
		{name: "another class", m: Message{Login: "dir"}, shows: 5, action: Accept, limit: 5000},
		{name: "another class, one more", m: Message{Login: "dir"}, shows: 6, action: Refuse, reason: VisibleRecipients, limit: 5},
		{name: "a class without", m: Message{Login: "paul"}, shows: 400, action: Accept, limit: 500},
		{name: "directory away", m: Message{Login: "away"}, shows: 4, action: Defer, reason: DirectoryUnavailable, limit: 3},
		{name: "directory away, few", m: Message{Login: "away"}, shows: 3, action: Accept, limit: 100},
		{name: "premium in doubt", m: Message{Login: "doubt"}, shows: 4, action: Defer, reason: DirectoryUnavailable, limit: 3},
		{name: "stale", m: Message{Login: "stale"}, shows: 4, action: Defer, reason: DirectoryUnavailable, limit: 3},
		{name: "away, the base class holds", rules: rowsPass, m: Message{Login: "away"}, shows: 4, action: Refuse, reason: VisibleRecipients, limit: 3},
		{name: "not enforced", rules: "enforce = false\n", m: Message{Login: "anne"}, shows: 4, action: WouldRefuse, reason: VisibleRecipients, limit: 3},
		{name: "not enforced, in doubt", rules: "enforce = false\n", m: Message{Login: "away"}, shows: 4, action: WouldRefuse, reason: DirectoryUnavailable, limit: 3},
		{name: "no login", shows: 400, action: Accept, reason: Unauthenticated},
		{name: "trusted submitter", m: Message{Client: submitter, EnvelopeSender: "anne"}, shows: 4, action: Refuse, reason: VisibleRecipients, limit: 3},
		{name: "exempt network", m: Message{Login: "anne", Client: exempt}, shows: 400, action: Accept, reason: ExemptNetwork},
		{name: "inbound", m: Message{Role: Inbound, Login: "anne"}, shows: 400, action: Accept},
		{name: "no header", m: Message{Login: "anne", NoEnd: true}, shows: 400, action: Accept, limit: 100},
	} {
		m := c.m
		m.Recipients = envelope("one@example.org")
		// A key at the top of the file stands before the tables, a table behind.
		text := visibleRules
		if strings.HasPrefix(c.rules, "[") {
			text += c.rules
		} else {
			text = c.rules + text
		}
		policy := listPolicy(t, text, school, nil)
		before := policy.Judge(t.Context(), &m)
		v := policy.JudgeHeader(&before, showing(c.shows))
		visible := 0
		if c.reason == VisibleRecipients || c.reason == DirectoryUnavailable {
			visible = c.shows
		}
		if v.Action != c.action || v.Reason != c.reason || v.Limit != c.limit || v.Visible != visible {
			t.Errorf("%s: %v, %v, limit %d, visible %d", c.name, v.Action, v.Reason, v.Limit, v.Visible)
		}
		if needs := before.NeedsHeader(); needs != (c.reason == VisibleRecipients || c.reason == DirectoryUnavailable || before.MayShow.Most > 0) {
			t.Errorf("%s: needs the header: %v", c.name, needs)
		}
	}
}

// TestHeaderRows says which row decides at the end of a message that goes to a list and
// shows too many addresses; what a message that is not stopped leaves to do stays.
func TestHeaderRows(t *testing.T) {
	const class = "[class.all]\nrecipients = 9\nvisible_recipients = 3\n[[class.all.window]]\nper = \"1h\"\nrecipients = 9\n"
	for _, c := range []struct {
		rows   string
		rules  string
		login  string
		to     string
		header string // From
		shows  int
		action Action
		reason Reason
	}{
		{rows: "list header, visible", login: "owner", to: "owned@l.fr", header: "member@entmip.fr", shows: 4, action: Refuse, reason: ListFrom},
		{rows: "visible, accepted", login: "owner", to: "owned@l.fr", header: "owner@entmip.fr", shows: 4, action: Refuse, reason: VisibleRecipients},
		{rows: "visible, redirect", login: "member", to: "owned@re.fr", header: "member@entmip.fr", shows: 4, action: Refuse, reason: VisibleRecipients},
		{rows: "accepted", login: "owner", to: "owned@l.fr", header: "owner@entmip.fr", shows: 3, action: Accept, reason: NoReason},
		{rows: "list header, visible, neither enforced", rules: "enforce = false\n", login: "owner", to: "owned@l.fr", header: "member@entmip.fr", shows: 4, action: WouldRefuse, reason: ListFrom},
		{rows: "visible, accepted, not enforced", rules: "enforce = false\n", login: "owner", to: "owned@l.fr", header: "owner@entmip.fr", shows: 4, action: WouldRefuse, reason: VisibleRecipients},
	} {
		t.Run(c.rows, func(t *testing.T) {
			policy := listPolicy(t, c.rules+listRules+class, newListed(), &answering{count: Count{Exceeded: -1}})
			before := policy.Judge(t.Context(), &Message{Login: c.login, EnvelopeSender: c.login + "@entmip.fr", Recipients: envelope(c.to)})
			h := showing(c.shows)
			h.Header = list.Header{From: []string{c.header}}
			v := policy.JudgeHeader(&before, h)
			if v.Action != c.action || v.Reason != c.reason {
				t.Errorf("%v, %v", v.Action, v.Reason)
			}
			if v.Ticket != before.Ticket || v.Ticket == (Ticket{}) || v.Posting == nil {
				t.Errorf("left to do: %+v", v.Due)
			}
		})
	}
}

// TestFieldsThatShow: only To and Cc show addresses, in whatever case, several times.
func TestFieldsThatShow(t *testing.T) {
	var h Header
	for _, name := range []string{"To", "TO", "cc", " Cc ", "Bcc", "Resent-To", "Resent-Cc", "From", "Reply-To", "X-To", "Subject"} {
		h.Add(name, strings.ToLower(strings.TrimSpace(name))+"1@example.org, b@example.org")
	}
	if n := h.Visible.Len(); n != 3 { // to1, cc1, b
		t.Errorf("%d addresses", n)
	}
	if len(h.From) != 1 || h.ReplyTo != 1 {
		t.Errorf("%+v", h.Header)
	}
}
