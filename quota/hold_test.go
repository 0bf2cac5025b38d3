package quota

import (
	"testing"
	"time"

	"github.com/rcptquota/rcptquota/quota/list"
)

// TestHold: a message for which a window has no room is put on hold, and is not counted.
// Without its end, it is deferred, or refused where waiting is no use.
func TestHold(t *testing.T) {
	const rules = "[class.all]\nrecipients = 9\n[[class.all.window]]\nper = \"1h\"\nrecipients = 5\nexceeded = \"hold\"\n"
	retryAt := time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		name   string
		before string
		login  string
		n      int
		noEnd  bool
		action Action
		reason Reason
	}{
		{name: "no room", login: "anne", n: 3, action: Hold, reason: WindowLimit},
		{name: "never fits", login: "anne", n: 6, action: Hold, reason: WindowLimit},
		{name: "above the limit of a message", login: "doubt", n: 10, action: Refuse, reason: MessageLimit},
		{name: "in doubt", login: "doubt", n: 3, action: Defer, reason: WindowLimit},
		{name: "never fits, in doubt", login: "doubt", n: 6, action: Defer, reason: DirectoryUnavailable},
		{name: "no end", login: "anne", n: 3, noEnd: true, action: Defer, reason: WindowLimit},
		{name: "never fits, no end", login: "anne", n: 6, noEnd: true, action: Refuse, reason: WindowLimit},
		{name: "not enforced", before: "enforce = false\n", login: "anne", n: 3, action: WouldRefuse, reason: WindowLimit},
	} {
		counter := &answering{count: Count{Exceeded: 0, Used: 4, RetryAt: retryAt}}
		v := NewPolicy(mustRules(t, c.before+rules), school, counter).Judge(t.Context(), &Message{Login: c.login, Recipients: recipients(c.n), NoEnd: c.noEnd})
		if v.Action != c.action || v.Reason != c.reason || v.Ticket != (Ticket{}) {
			t.Errorf("%s: %v, %v, ticket %v", c.name, v.Action, v.Reason, v.Ticket)
		}
		if c.name == "no room" && (v.Limit != 5 || v.Used != 4 || v.Window.Per != time.Hour || !v.RetryAt.Equal(retryAt)) {
			t.Errorf("%s: %+v", c.name, v.Facts)
		}
	}
}

// TestHeldAtItsEnd: a message that is to be put on hold is judged by its header as others
// are, and changed as they are, since it goes out without being asked about again.
func TestHeldAtItsEnd(t *testing.T) {
	const class = "[class.all]\nrecipients = 9\nvisible_recipients = 3\n[[class.all.window]]\nper = \"1h\"\nrecipients = 5\nexceeded = \"hold\"\n"
	policy := listPolicy(t, listRules+class, newListed(), &answering{count: Count{Exceeded: 0, Used: 5}})
	for _, c := range []struct {
		login, to, from string
		shows           int
		action          Action
		reason          Reason
		limit           int
	}{
		{"owner", "owned@l.fr", "owner@entmip.fr", 3, Hold, WindowLimit, 5},
		{"owner", "owned@l.fr", "member@entmip.fr", 3, Refuse, ListFrom, 0},
		{"owner", "owned@l.fr", "owner@entmip.fr", 4, Refuse, VisibleRecipients, 3},
		{"owner", "a@example.org", "", 4, Refuse, VisibleRecipients, 3},
		{"member", "owned@re.fr", "member@entmip.fr", 3, Hold, WindowLimit, 5},
	} {
		before := policy.Judge(t.Context(), &Message{Login: c.login, EnvelopeSender: c.login + "@entmip.fr", Recipients: envelope(c.to)})
		h := showing(c.shows)
		h.Header = list.Header{From: []string{c.from}}
		v := policy.JudgeHeader(&before, h)
		if before.Action != Hold || v.Action != c.action || v.Reason != c.reason || v.Limit != c.limit || (v.Window.Per > 0) != (c.action == Hold) {
			t.Errorf("%s to %s: %v, then %v, %v, %+v", c.login, c.to, before.Action, v.Action, v.Reason, v.Facts)
		}
		if c.login == "owner" && c.to == "owned@l.fr" && len(v.Posting.ReplyTo) != 1 || c.login == "member" && len(v.Posting.Redirects) != 1 {
			t.Errorf("%s to %s: left to do: %+v", c.login, c.to, v.Posting)
		}
	}
}
