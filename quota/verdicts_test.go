package quota

import (
	"errors"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/rcptquota/rcptquota/quota/list"
)

// rowRules are classes of 3 and 10 recipients and a window of 3, with a trusted
// submitter, an exempt network and list domains.
const rowRules = `
[senders]
exempt_networks = ["192.0.2.25"]
unauthenticated = "refuse"
[lists]
domains = ["l.fr"]
[[lists.domain]]
name = "re.fr"
unauthorised = "redirect"
[class.small]
recipients = 3
[[class.small.window]]
per = "1h"
recipients = 3
[class.large]
recipients = 10
`

const (
	rowsOpen       = "[class.open]\nrecipients = 4\nenforce = false\n"
	rowsOpenSender = "default_class = \"open\"\n"
	rowsHold       = "[class.held]\nrecipients = 3\n[[class.held.window]]\nper = \"1h\"\nrecipients = 3\nexceeded = \"hold\"\n"
	rowsHoldSender = "default_class = \"held\"\n"
	rowsPass       = "[directory_unavailable]\npremium = \"base\"\n"
)

// TestFirstRowWins says for each pair of rows of the table of verdicts that can both apply
// to one message which of them decides.
func TestFirstRowWins(t *testing.T) {
	room := &answering{count: Count{Exceeded: -1}}
	full := &answering{count: Count{Exceeded: 0}}
	storeAway := &answering{err: errors.New("connection refused")}
	exempt, elsewhere := netip.MustParseAddr("192.0.2.25"), netip.MustParseAddr("203.0.113.1")
	others := func(n int, more ...string) []string { return append(slices.Collect(recipients(n).All()), more...) }
	lists := func(n int, domain string) []string {
		all := make([]string, n)
		for i := range all {
			all[i] = string(rune('a'+i%26)) + string(rune('a'+i/26)) + "@" + domain
		}
		return all
	}
	for _, c := range []struct {
		rows    string // the row that decides, then the other
		before  string // rules before rowRules
		after   string // and after it
		client  netip.Addr
		login   string
		from    string // empty: login@entmip.fr; "<>": the null sender
		to      []string
		forms   int // of each recipient
		counter *answering
		action  Action
		reason  Reason
		list    string
	}{
		{rows: "exempt network, more than any class", client: exempt, login: "owner", to: others(11), action: Accept, reason: ExemptNetwork},
		{rows: "exempt network, no login", client: exempt, to: others(1), action: Accept, reason: ExemptNetwork},
		{rows: "exempt network, may not post", client: exempt, login: "member", to: others(0, "owned@l.fr"), action: Accept, reason: ExemptNetwork},
		{rows: "exempt network, redirect", client: exempt, login: "member", to: others(0, "owned@re.fr"), action: Accept, reason: ExemptNetwork},
		{rows: "exempt network, class limit", client: exempt, login: "owner", to: others(4), action: Accept, reason: ExemptNetwork},
		{rows: "exempt network, limit in doubt", client: exempt, login: "away", to: others(4), action: Accept, reason: ExemptNetwork},
		{rows: "exempt network, list unknown", client: exempt, login: "owner", to: others(0, "away@l.fr"), action: Accept, reason: ExemptNetwork},
		{rows: "exempt network, window", client: exempt, login: "owner", to: others(1), counter: full, action: Accept, reason: ExemptNetwork},
		{rows: "exempt network, store away", client: exempt, login: "owner", to: others(1), counter: storeAway, action: Accept, reason: ExemptNetwork},

		{rows: "more than any class, no login", to: others(11), action: Refuse, reason: MessageLimit},
		{rows: "more than any class, may not post", login: "member", to: others(11, "owned@l.fr"), action: Refuse, reason: MessageLimit},
		{rows: "more than any class, redirect", login: "member", to: others(11, "owned@re.fr"), action: Refuse, reason: MessageLimit},
		{rows: "more than any class, limit in doubt", login: "away", to: others(11), action: Refuse, reason: MessageLimit},
		{rows: "more than any class, list unknown", login: "owner", to: others(11, "away@l.fr"), action: Refuse, reason: MessageLimit},
		{rows: "more than any class, window", login: "owner", to: others(11), counter: full, action: Refuse, reason: MessageLimit},
		{rows: "more than any class, store away", login: "owner", to: others(11), counter: storeAway, action: Refuse, reason: MessageLimit},

		{rows: "no login, may not post", to: others(0, "owned@l.fr"), action: Refuse, reason: Unauthenticated},
		{rows: "no login, redirect", to: others(0, "owned@re.fr"), action: Refuse, reason: Unauthenticated},
		{rows: "no login, list unknown", to: others(0, "away@l.fr"), action: Refuse, reason: Unauthenticated},

		{rows: "may not post, redirect", login: "member", to: others(0, "owned@l.fr", "owned@re.fr"), action: Refuse, reason: ListPosting, list: "owned@l.fr"},
		{rows: "too much to redirect, class limit", login: "member", forms: list.MaxRemovals + 1, to: others(4, "owned@re.fr"), action: Refuse, reason: ListPosting, list: "owned@re.fr"},
		{rows: "too much to redirect, list unknown", login: "member", forms: list.MaxRemovals + 1, to: others(0, "away@l.fr", "owned@re.fr"), action: Refuse, reason: ListPosting, list: "owned@re.fr"},
		{rows: "too much to redirect, window", login: "member", forms: list.MaxRemovals + 1, to: others(0, "owned@re.fr"), counter: full, action: Refuse, reason: ListPosting, list: "owned@re.fr"},
		{rows: "may not post, class limit", login: "member", to: others(4, "owned@l.fr"), action: Refuse, reason: ListPosting, list: "owned@l.fr"},
		{rows: "may not post, limit in doubt", login: "doubt", from: "<>", to: others(4, "owned@l.fr"), action: Refuse, reason: ListAutomatic, list: "owned@l.fr"},
		{rows: "may not post, sender unknown", login: "away", from: "<>", to: others(4, "owned@l.fr"), action: Refuse, reason: ListAutomatic, list: "owned@l.fr"},
		{rows: "may not post, list unknown", login: "member", to: others(0, "owned@l.fr", "away@l.fr"), action: Refuse, reason: ListPosting, list: "owned@l.fr"},
		{rows: "may not post, window", login: "member", to: others(1, "owned@l.fr"), counter: full, action: Refuse, reason: ListPosting, list: "owned@l.fr"},
		{rows: "may not post, store away", login: "member", to: others(1, "owned@l.fr"), counter: storeAway, action: Refuse, reason: ListPosting, list: "owned@l.fr"},
		{rows: "class limit, may not post to one of very many", after: rowsOpen, login: "member", to: lists(101, "l.fr"), action: Refuse, reason: MessageLimit},

		{rows: "class limit, redirect", login: "member", to: others(4, "owned@re.fr"), action: Refuse, reason: MessageLimit},
		{rows: "class limit, list unknown", login: "owner", to: others(4, "away@l.fr"), action: Refuse, reason: MessageLimit},
		{rows: "class limit, window", login: "owner", to: others(4), counter: full, action: Refuse, reason: MessageLimit},
		{rows: "class limit, store away", login: "owner", to: others(4), counter: storeAway, action: Refuse, reason: MessageLimit},

		{rows: "limit in doubt, redirect", login: "doubt", from: "owner@entmip.fr", to: others(4, "other@re.fr"), action: Defer, reason: DirectoryUnavailable},
		{rows: "limit in doubt, list unknown", login: "doubt", to: others(4, "away@l.fr"), action: Defer, reason: DirectoryUnavailable},
		{rows: "limit in doubt, window", login: "doubt", to: others(4), counter: full, action: Defer, reason: DirectoryUnavailable},
		{rows: "limit in doubt, store away", login: "doubt", to: others(4), counter: storeAway, action: Defer, reason: DirectoryUnavailable},

		{rows: "list unknown, redirect", login: "member", to: others(0, "away@l.fr", "owned@re.fr"), action: Defer, reason: DirectoryUnavailable, list: "@l.fr"},
		{rows: "list unknown, window", login: "owner", to: others(0, "away@l.fr"), counter: full, action: Defer, reason: DirectoryUnavailable, list: "@l.fr"},
		{rows: "list unknown, store away", login: "owner", to: others(0, "away@l.fr"), counter: storeAway, action: Defer, reason: DirectoryUnavailable, list: "@l.fr"},

		{rows: "window, redirect", login: "member", to: others(0, "owned@re.fr"), counter: full, action: Defer, reason: WindowLimit, list: "owned@re.fr"},
		{rows: "window, store away", after: "[[class.small.window]]\nper = \"2h\"\nrecipients = 1\n", login: "owner", to: others(2), counter: storeAway, action: Refuse, reason: WindowLimit},
		{rows: "store away, redirect", login: "member", to: others(0, "owned@re.fr"), counter: storeAway, action: Defer, reason: StoreUnavailable, list: "owned@re.fr"},

		{rows: "exempt network, hold", before: rowsHoldSender, after: rowsHold, client: exempt, login: "owner", to: others(1), counter: full, action: Accept, reason: ExemptNetwork},
		{rows: "more than any class, hold", before: rowsHoldSender, after: rowsHold, login: "owner", to: others(11), counter: full, action: Refuse, reason: MessageLimit},
		{rows: "may not post, hold", before: rowsHoldSender, after: rowsHold, login: "member", to: others(0, "owned@l.fr"), counter: full, action: Refuse, reason: ListPosting, list: "owned@l.fr"},
		{rows: "class limit, hold", before: rowsHoldSender, after: rowsHold, login: "owner", to: others(4), counter: full, action: Refuse, reason: MessageLimit},
		{rows: "limit in doubt, hold", before: rowsHoldSender, after: rowsHold, login: "doubt", to: others(4), counter: full, action: Defer, reason: DirectoryUnavailable},
		{rows: "window of a class in doubt, hold", before: rowsHoldSender, after: rowsHold, login: "doubt", to: others(1), counter: full, action: Defer, reason: WindowLimit},
		{rows: "list unknown, hold", before: rowsHoldSender, after: rowsHold, login: "owner", to: others(0, "away@l.fr"), counter: full, action: Defer, reason: DirectoryUnavailable, list: "@l.fr"},
		{rows: "window that never fits, hold", before: rowsHoldSender, after: strings.Replace(rowsHold, "[[class", "[[class.held.window]]\nper = \"1h\"\nrecipients = 1\nexceeded = \"hold\"\n[[class.held.window]]\nper = \"2h\"\nrecipients = 1\n[[class", 1), login: "owner", to: others(2), counter: full, action: Refuse, reason: WindowLimit},
		{rows: "store away, hold", before: rowsHoldSender, after: rowsHold, login: "owner", to: others(1), counter: storeAway, action: Defer, reason: StoreUnavailable},
		{rows: "hold, redirect", before: rowsHoldSender, after: rowsHold, login: "member", to: others(0, "owned@re.fr"), counter: full, action: Hold, reason: WindowLimit, list: "owned@re.fr"},

		// A row that is not enforced stops no message: an enforced row below it decides.
		{rows: "list unknown, class limit that is not enforced", before: rowsOpenSender, after: rowsOpen + rowsPass, login: "away", to: others(4, "owned@l.fr"), action: Defer, reason: DirectoryUnavailable, list: "owned@l.fr"},
		{rows: "class limit, list unknown, neither enforced", before: "enforce = false\n", login: "owner", to: others(4, "away@l.fr"), action: WouldRefuse, reason: MessageLimit},
		{rows: "may not post, class limit, neither enforced", before: "enforce = false\n", login: "member", to: others(4, "owned@l.fr"), action: WouldRefuse, reason: ListPosting, list: "owned@l.fr"},
		{rows: "no login, may not post, neither enforced", before: "enforce = false\n", to: others(0, "owned@l.fr"), action: WouldRefuse, reason: Unauthenticated},
		// The sender of an automatic message may be of a class that is not enforced.
		{rows: "list unknown, may not post", after: rowsOpen, login: "away", from: "<>", to: others(0, "owned@l.fr"), action: Defer, reason: DirectoryUnavailable, list: "owned@l.fr"},
	} {
		t.Run(c.rows, func(t *testing.T) {
			counter := c.counter
			if counter == nil {
				counter = room
			}
			from := c.from
			switch from {
			case "":
				from = c.login + "@entmip.fr"
			case "<>":
				from = ""
			}
			client := c.client
			if !client.IsValid() {
				client = elsewhere
			}
			directory := newListed()
			directory.lists["other@re.fr"] = &list.List{Owners: []list.Person{person("moderator")}}
			policy := listPolicy(t, c.before+rowRules+c.after, directory, counter)
			v := policy.Judge(t.Context(), &Message{
				Client: client, Login: c.login, EnvelopeSender: from, Recipients: envelope(c.to...),
				Forms: func(string) int { return max(c.forms, 1) },
			})
			if v.Action != c.action || v.Reason != c.reason || v.List != c.list {
				t.Errorf("%v, %v, list %q; want %v, %v, list %q", v.Action, v.Reason, v.List, c.action, c.reason, c.list)
			}
			if v.Ticket != (Ticket{}) {
				t.Error("something is reserved")
			}
		})
	}
}
