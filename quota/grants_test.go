package quota

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

var errUnread = errors.New("the grants cannot be read")

// given are grants by login, in lower case, and by the directory's name of the sender.
type given struct {
	of  map[string]int
	err error
}

func (g given) Granted(login, id string, _ time.Time) (int, error) {
	n := g.of[strings.ToLower(login)]
	if id != "" {
		n += g.of[id]
	}
	return n, g.err
}

func (g given) MostGranted(time.Time) (n int, err error) {
	for _, one := range g.of {
		n += one
	}
	return n, g.err
}

// granting is a policy under which some have been granted more. Class all allows 100, and
// the highest 200.
func granting(t *testing.T, text string, g Grants, counter Counter) *Policy {
	t.Helper()
	p := windowedPolicy(t, text, counter).WithGrants(g)
	p.directory = people{
		"anne": {ID: "uid=anne"}, "anne.second": {ID: "uid=anne"}, "paul": {ID: "uid=paul"}, "stale": {ID: "uid=anne", Stale: errAway},
	}
	return p
}

const plain = "[class.all]\nrecipients = 100\n[class.large]\nrecipients = 200\n"

// TestGrantedLimit: a grant is on top of the limit, for every login of the person, and a
// message above every class is looked up where somebody has one.
func TestGrantedLimit(t *testing.T) {
	grants := given{of: map[string]int{"uid=anne": 150, "zoe": 30}}
	for _, c := range []struct {
		login      string
		recipients int
		action     Action
		reason     Reason
		limit      int
		granted    int
		class      string
	}{
		{"anne", 250, Accept, NoReason, 250, 150, "all"},
		{"anne", 251, Refuse, MessageLimit, 250, 150, "all"},
		{"anne.second", 250, Accept, NoReason, 250, 150, "all"},
		{"ZOE", 130, Accept, NoReason, 130, 30, "all"},
		{"zoe", 131, Refuse, MessageLimit, 130, 30, "all"},
		{"paul", 101, Refuse, MessageLimit, 100, 0, "all"},
		{"paul", 380, Refuse, MessageLimit, 100, 0, "all"},
		{"paul", 381, Refuse, MessageLimit, 200, 0, ""}, // nobody has so many
		{"zoe", 381, Refuse, MessageLimit, 230, 30, ""},
		{"", 201, Refuse, MessageLimit, 200, 0, ""},
		// Who it is, and so what they have been granted, is not known now.
		{"away", 201, Defer, DirectoryUnavailable, 100, 0, "all"},
		{"away", 380, Defer, DirectoryUnavailable, 100, 0, "all"},
		{"away", 381, Refuse, MessageLimit, 200, 0, ""},
		{"stale", 250, Accept, NoReason, 250, 150, "all"},
		{"stale", 350, Defer, DirectoryUnavailable, 250, 150, "all"},
		{"stale", 351, Refuse, MessageLimit, 350, 150, "all"},
	} {
		t.Run(fmt.Sprintf("%s to %d", c.login, c.recipients), func(t *testing.T) {
			got := granting(t, plain, grants, nil).Judge(t.Context(), &Message{Login: c.login, Recipients: recipients(c.recipients)})
			if got.Action != c.action || got.Reason != c.reason || got.Limit != c.limit || got.Granted != c.granted || got.Class != c.class {
				t.Errorf("%+v", got)
			}
		})
	}
}

// TestGrantedWindows: a grant is on top of every window.
func TestGrantedWindows(t *testing.T) {
	counter := &answering{count: Count{Exceeded: 0, Used: 85}}
	p := granting(t, windowed, given{of: map[string]int{"anne": 40}}, counter)
	got := p.Judge(t.Context(), &Message{Login: "anne", Recipients: recipients(90)}) // 50 by the class
	if got.Action != Defer || got.Reason != WindowLimit || got.Limit != 90 || got.Granted != 40 || got.Window.Recipients != 90 {
		t.Errorf("%+v", got)
	}
	var most []int
	for _, w := range counter.asked[0].Windows {
		most = append(most, w.Recipients)
	}
	if !slices.Equal(most, []int{90, 120}) {
		t.Errorf("reserved in windows of %v", most)
	}
	if got := p.Judge(t.Context(), &Message{Login: "anne", Recipients: recipients(91)}); got.Action != Refuse || got.Limit != 90 {
		t.Errorf("%+v", got)
	}
	if got := p.Judge(t.Context(), &Message{Login: "paul", Recipients: recipients(51)}); got.Action != Refuse || got.Limit != 50 {
		t.Errorf("the windows of the others are raised, too: %+v", got)
	}
}

// TestGrantsThatCannotBeRead: what a grant that is not known could allow is deferred, never
// refused; what no grant can allow is refused.
func TestGrantsThatCannotBeRead(t *testing.T) {
	dayIsFull := &answering{count: Count{Exceeded: 1, Used: 75, RetryAt: time.Now()}}
	for _, c := range []struct {
		text       string
		login      string
		recipients int
		action     Action
		reason     Reason
	}{
		{plain, "anne", 105, Accept, NoReason},
		{plain, "anne", 106, Defer, StoreUnavailable},
		{plain, "anne", 300, Defer, StoreUnavailable},
		{plain, "paul", 101, Defer, StoreUnavailable},
		{plain, "away", 300, Defer, StoreUnavailable},
		{plain, "", 300, Refuse, MessageLimit},
		{plain, "anne", MaxRecipients + 201, Refuse, MessageLimit},
		{"enforce = false\n" + plain, "anne", 300, WouldRefuse, StoreUnavailable},
		{windowed, "paul", 51, Defer, StoreUnavailable},
		{windowed, "paul", 10, Defer, WindowLimit}, // the window that is full would refuse
	} {
		p := granting(t, c.text, given{of: map[string]int{"anne": 5}, err: errUnread}, dayIsFull)
		got := p.Judge(t.Context(), &Message{Login: c.login, Recipients: recipients(c.recipients)})
		if got.Action != c.action || got.Reason != c.reason || got.Reason == StoreUnavailable && (!got.Degraded || !errors.Is(got.Err, errUnread)) {
			t.Errorf("%s to %d: %+v", c.login, c.recipients, got)
		}
	}
}
