package quota

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"
)

// answering is a counter with one answer that records what it is asked.
type answering struct {
	count      Count
	err        error
	asked      []Reservation
	recipients []string
}

func (a *answering) Reserve(_ context.Context, r *Reservation) (Count, error) {
	a.asked = append(a.asked, *r)
	a.recipients = slices.Sorted(r.Recipients)
	return a.count, a.err
}

func (a *answering) Settle(context.Context, Ticket, bool) error { return a.err }

const windowed = `
[senders]
exempt_recipients = ["postmaster"]
[class.all]
recipients = 100
[[class.all.window]]
per = "1h"
recipients = 50
[[class.all.window]]
per = "24h"
recipients = 80
count = "copies"
exceeded = "refuse"
`

func windowedPolicy(t *testing.T, text string, counter Counter) *Policy {
	t.Helper()
	return NewPolicy(mustRules(t, text), school, counter)
}

func TestReserve(t *testing.T) {
	hour := Window{Per: time.Hour, Recipients: 50, Count: Distinct, Exceeded: Defer}
	day := Window{Per: 24 * time.Hour, Recipients: 80, Count: Copies, Exceeded: Refuse}
	later := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	away := errors.New("redis: connection refused")
	for name, c := range map[string]struct {
		recipients int
		count      Count
		err        error
		want       Verdict
		asked      int
	}{
		"room":           {50, Count{Exceeded: -1}, nil, Verdict{Action: Accept, Facts: Facts{Limit: 100}}, 1},
		"hour is full":   {10, Count{Exceeded: 0, Used: 45, RetryAt: later}, nil, Verdict{Action: Defer, Reason: WindowLimit, Facts: Facts{Limit: 50, Window: hour, Used: 45, RetryAt: later}}, 1},
		"day is full":    {10, Count{Exceeded: 1, Used: 75, RetryAt: later}, nil, Verdict{Action: Refuse, Reason: WindowLimit, Facts: Facts{Limit: 80, Window: day, Used: 75, RetryAt: later}}, 1},
		"never":          {51, Count{}, nil, Verdict{Action: Refuse, Reason: WindowLimit, Facts: Facts{Limit: 50, Window: hour}}, 0},
		"over the limit": {101, Count{}, nil, Verdict{Action: Refuse, Reason: MessageLimit, Facts: Facts{Limit: 100}}, 0},
		"nobody counts":  {0, Count{}, nil, Verdict{Action: Accept, Facts: Facts{Limit: 100}}, 0},
		"alone":          {1, Count{Exceeded: -1, Degraded: away}, nil, Verdict{Action: Accept, Facts: Facts{Limit: 100, Degraded: true, Err: away}}, 1},
		"store away":     {1, Count{}, away, Verdict{Action: Defer, Reason: StoreUnavailable, Facts: Facts{Limit: 100, Degraded: true, Err: away}}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			counter := &answering{count: c.count, err: c.err}
			policy := windowedPolicy(t, windowed+"[class.large]\nrecipients = 200\n", counter)
			rcpts := recipients(c.recipients)
			rcpts.Add("postmaster@example.org")
			got := policy.Judge(t.Context(), &Message{Login: "Anne", Recipients: rcpts})
			if reserved := got.Ticket != (Ticket{}); reserved != (got.Action == Accept && c.asked > 0) || reserved && got.Ticket != counter.asked[0].Ticket {
				t.Errorf("ticket %+v", got.Ticket)
			}
			got.Ticket = Ticket{}
			c.want.Sender, c.want.Class, c.want.Recipients, c.want.Unknown = "Anne", "all", c.recipients, true
			if !sameVerdict(got, c.want) {
				t.Errorf("\n got %+v\nwant %+v", got, c.want)
			}
			if len(counter.asked) != c.asked {
				t.Fatalf("asked %d times", len(counter.asked))
			}
			if c.asked > 0 && (counter.asked[0].N != c.recipients || len(counter.recipients) != c.recipients ||
				counter.asked[0].Sender != "anne" || !slices.Equal(counter.asked[0].Windows, []Window{hour, day})) {
				t.Errorf("reserved %+v", counter.asked[0])
			}
		})
	}
}

// TestWindowsOfAnUncertainClass: while the directory is away, a window that may not be the
// sender's refuses nothing permanently.
func TestWindowsOfAnUncertainClass(t *testing.T) {
	dayIsFull := Count{Exceeded: 1, Used: 75, RetryAt: time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)}
	for _, c := range []struct {
		directory  string // directory_unavailable.premium
		recipients int
		action     Action
		reason     Reason
	}{
		{"defer", 51, Defer, DirectoryUnavailable},
		{"defer", 10, Defer, WindowLimit},
		{"base", 51, Refuse, WindowLimit},
		{"base", 10, Refuse, WindowLimit},
	} {
		text := windowed + "[directory_unavailable]\npremium = \"" + c.directory + "\"\n"
		got := windowedPolicy(t, text, &answering{count: dayIsFull}).Judge(t.Context(), &Message{Login: "away", Recipients: recipients(c.recipients)})
		if got.Action != c.action || got.Reason != c.reason || !got.Degraded {
			t.Errorf("%s, %d recipients: %+v", c.directory, c.recipients, got)
		}
	}
}

// TestCountedByPerson: two logins of one entry share its windows, and a login that cannot
// be looked up has windows of its own.
func TestCountedByPerson(t *testing.T) {
	for login, want := range map[string]string{"mdurand": "uid=mdurand", "Marie.Durand": "uid=mdurand", "AWAY": "away"} {
		counter := &answering{count: Count{Exceeded: -1}}
		policy := windowedPolicy(t, windowed, counter)
		policy.directory = people{"mdurand": {ID: "uid=mdurand"}, "Marie.Durand": {ID: "uid=mdurand"}}
		policy.Judge(t.Context(), &Message{Login: login, Recipients: recipients(1)})
		if len(counter.asked) != 1 || counter.asked[0].Sender != want {
			t.Errorf("%s: counted as %+v, want %s", login, counter.asked, want)
		}
	}
}

func TestReserveNotEnforced(t *testing.T) {
	for _, counter := range []*answering{{count: Count{Exceeded: 0, RetryAt: time.Now()}}, {err: errors.New("away")}} {
		got := windowedPolicy(t, "enforce = false\n"+windowed, counter).Judge(t.Context(), &Message{Login: "anne", Recipients: recipients(1)})
		if got.Action != WouldRefuse || got.Ticket != (Ticket{}) {
			t.Errorf("%+v", got)
		}
	}
}

func TestHasWindows(t *testing.T) {
	if compiled(t, DefaultConfig()).HasWindows() {
		t.Error("the built-in classes have windows")
	}
	if !mustRules(t, windowed).HasWindows() {
		t.Error("windows are not seen")
	}
}
