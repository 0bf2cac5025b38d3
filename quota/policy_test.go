package quota

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"testing"

	"github.com/rcptquota/rcptquota/quota/list"
)

// people is a directory in memory, which cannot answer about the login "away".
type people map[string]Sender

var errAway = errors.New("connection refused")

func (p people) Sender(_ context.Context, login string) (Sender, error) {
	switch login {
	case "away":
		return Sender{}, errAway
	case "twice":
		return Sender{}, fmt.Errorf("uid=twice: %w", ErrAmbiguous)
	}
	s, ok := p[login]
	if !ok {
		return Sender{}, fmt.Errorf("uid=%s: %w", login, ErrAbsent)
	}
	return s, nil
}

// Lists implements Directory, without any list; see listed for one with lists.
func (p people) Lists(_ context.Context, addresses []string) []list.Answer {
	return make([]list.Answer, len(addresses))
}

var school = people{
	"anne":  {Addresses: []string{"anne@ecollege31.fr"}},
	"paul":  {Addresses: []string{"p.martin@example.fr", "paul@entmip.fr"}},
	"both":  {Addresses: []string{"x@entmip.fr", "x@ecollege31.fr"}},
	"dir":   {Addresses: []string{"dir@entmip.fr"}, Premium: true},
	"sub":   {Addresses: []string{"x@sub.entmip.fr"}},
	"prof":  {Attributes: map[string][]string{"entpersonprofils": {"National_ENS"}}},
	"stale": {Addresses: []string{"old@ecollege31.fr"}, Stale: errAway},
	"doubt": {Addresses: []string{"x@ecollege31.fr"}, Doubt: errAway},
	"grand": {Addresses: []string{"old@entmip.fr"}, Stale: errAway, Premium: true},
}

func recipients(n int) *Recipients {
	var r Recipients
	for i := range n {
		r.Add(fmt.Sprintf("r%d@example.org", i))
	}
	return &r
}

func newPolicy(t testing.TB, config Config) *Policy {
	t.Helper()
	return NewPolicy(compiled(t, config), school, nil)
}

func TestMessageLimit(t *testing.T) {
	policy := newPolicy(t, DefaultConfig())
	for _, c := range []struct {
		login      string
		recipients int
		want       Verdict
	}{
		{"anne", 150, Verdict{Action: Accept, Facts: Facts{Class: "ecollege31", Limit: 150}}},
		{"anne", 151, Verdict{Action: Refuse, Reason: MessageLimit, Facts: Facts{Class: "ecollege31", Limit: 150}}},
		{"paul", 500, Verdict{Action: Accept, Facts: Facts{Class: "entmip", Limit: 500}}},
		{"paul", 501, Verdict{Action: Refuse, Reason: MessageLimit, Facts: Facts{Class: "entmip", Limit: 500}}},
		{"dir", 5000, Verdict{Action: Accept, Facts: Facts{Class: "premium", Limit: 5000, Premium: true}}},
		{"dir", 5001, Verdict{Action: Refuse, Reason: MessageLimit, Facts: Facts{Limit: 5000}}},
		{"both", 151, Verdict{Action: Refuse, Reason: MessageLimit, Facts: Facts{Class: "ecollege31", Limit: 150}}},
		{"sub", 151, Verdict{Action: Refuse, Reason: MessageLimit, Facts: Facts{Class: "ecollege31", Limit: 150}}},
		{"nobody", 150, Verdict{Action: Accept, Facts: Facts{Class: "ecollege31", Limit: 150, Unknown: true}}},
		{"nobody", 151, Verdict{Action: Refuse, Reason: MessageLimit, Facts: Facts{Class: "ecollege31", Limit: 150, Unknown: true}}},
		{"twice", 151, Verdict{Action: Refuse, Reason: MessageLimit, Facts: Facts{Class: "ecollege31", Limit: 150, Err: ErrAmbiguous}}},
		{"away", 150, Verdict{Action: Accept, Facts: Facts{Class: "ecollege31", Limit: 150, Degraded: true, Err: errAway}}},
		{"away", 151, Verdict{Action: Defer, Reason: DirectoryUnavailable, Facts: Facts{Class: "ecollege31", Limit: 150, Degraded: true, Err: errAway}}},
		{"away", 5000, Verdict{Action: Defer, Reason: DirectoryUnavailable, Facts: Facts{Class: "ecollege31", Limit: 150, Degraded: true, Err: errAway}}},
		{"away", 5001, Verdict{Action: Refuse, Reason: MessageLimit, Facts: Facts{Limit: 5000}}},
		{"stale", 150, Verdict{Action: Accept, Facts: Facts{Class: "ecollege31", Limit: 150, Degraded: true, Err: errAway}}},
		{"stale", 151, Verdict{Action: Defer, Reason: DirectoryUnavailable, Facts: Facts{Class: "ecollege31", Limit: 150, Degraded: true, Err: errAway}}},
		{"doubt", 150, Verdict{Action: Accept, Facts: Facts{Class: "ecollege31", Limit: 150, Degraded: true, Err: errAway}}},
		{"doubt", 151, Verdict{Action: Defer, Reason: DirectoryUnavailable, Facts: Facts{Class: "ecollege31", Limit: 150, Degraded: true, Err: errAway}}},
		{"grand", 5000, Verdict{Action: Accept, Facts: Facts{Class: "premium", Limit: 5000, Premium: true, Degraded: true, Err: errAway}}},
	} {
		got := policy.Judge(t.Context(), &Message{Login: c.login, Recipients: recipients(c.recipients)})
		c.want.Sender, c.want.Recipients = c.login, c.recipients
		if !sameVerdict(got, c.want) {
			t.Errorf("%s to %d recipients:\n got %+v\nwant %+v", c.login, c.recipients, got, c.want)
		}
	}
}

// sameVerdict compares errors by what they wrap.
func sameVerdict(got, want Verdict) bool {
	if !errors.Is(got.Err, want.Err) {
		return false
	}
	got.Err, want.Err = nil, nil
	return got == want
}

func TestSenders(t *testing.T) {
	config := DefaultConfig()
	config.Senders = SendersConfig{
		Unauthenticated:   "refuse",
		ExemptNetworks:    []string{"192.0.2.0/24", "2001:db8::1"},
		TrustedSubmitters: []string{"198.51.100.7"},
		ExemptRecipients:  []string{"Postmaster", "abuse@AC-test.fr"},
	}
	policy := newPolicy(t, config)
	exempt := recipients(149)
	for _, a := range []string{"postmaster@a.fr", "POSTMASTER@b.fr", "postmaster", "abuse@ac-test.fr", "abuse@else.fr"} {
		exempt.Add(a)
	}
	for name, c := range map[string]struct {
		message Message
		want    Verdict
	}{
		"exempt network": {
			Message{Client: netip.MustParseAddr("192.0.2.9"), Recipients: recipients(9000)},
			Verdict{Action: Accept, Reason: ExemptNetwork, Facts: Facts{Recipients: 9000}},
		},
		"exempt network mapped into IPv6": {
			Message{Client: netip.MustParseAddr("::ffff:192.0.2.9"), Login: "anne", Recipients: recipients(9000)},
			Verdict{Action: Accept, Reason: ExemptNetwork, Facts: Facts{Sender: "anne", Recipients: 9000}},
		},
		"exempt address": {
			Message{Client: netip.MustParseAddr("2001:db8::1"), Recipients: recipients(1)},
			Verdict{Action: Accept, Reason: ExemptNetwork, Facts: Facts{Recipients: 1}},
		},
		"unauthenticated": {
			Message{Client: netip.MustParseAddr("203.0.113.1"), EnvelopeSender: "anne", Recipients: recipients(1)},
			Verdict{Action: Refuse, Reason: Unauthenticated, Facts: Facts{Recipients: 1}},
		},
		"no client address": {
			Message{Recipients: recipients(1)},
			Verdict{Action: Refuse, Reason: Unauthenticated, Facts: Facts{Recipients: 1}},
		},
		"trusted submitter": {
			Message{Client: netip.MustParseAddr("198.51.100.7"), EnvelopeSender: "paul", Recipients: recipients(501)},
			Verdict{Action: Refuse, Reason: MessageLimit, Facts: Facts{Sender: "paul", Class: "entmip", Limit: 500, Recipients: 501}},
		},
		"trusted submitter with a login": {
			Message{Client: netip.MustParseAddr("198.51.100.7"), EnvelopeSender: "dir", Login: "paul", Recipients: recipients(501)},
			Verdict{Action: Refuse, Reason: MessageLimit, Facts: Facts{Sender: "paul", Class: "entmip", Limit: 500, Recipients: 501}},
		},
		"bounce of a trusted submitter": {
			Message{Client: netip.MustParseAddr("198.51.100.7"), Recipients: recipients(1)},
			Verdict{Action: Accept, Reason: Unauthenticated, Facts: Facts{Recipients: 1}},
		},
		"exempt recipients are not counted": {
			Message{Login: "anne", Recipients: exempt},
			Verdict{Action: Accept, Facts: Facts{Sender: "anne", Class: "ecollege31", Limit: 150, Recipients: 150}},
		},
		"inbound": {
			Message{Role: Inbound, Recipients: recipients(1)},
			Verdict{Action: Accept, Facts: Facts{Recipients: 1}},
		},
	} {
		if got := policy.Judge(t.Context(), &c.message); got != c.want {
			t.Errorf("%s:\n got %+v\nwant %+v", name, got, c.want)
		}
	}
}

func TestEnforce(t *testing.T) {
	config := DefaultConfig()
	config.Enforce = false
	yes := true
	config.Classes = builtInClasses()
	entmip := config.Classes["entmip"]
	entmip.Enforce = &yes
	config.Classes["entmip"] = entmip
	policy := newPolicy(t, config)
	for login, want := range map[string]Action{"anne": WouldRefuse, "paul": Refuse, "dir": WouldRefuse, "away": WouldRefuse, "grand": WouldRefuse} {
		if got := policy.Judge(t.Context(), &Message{Login: login, Recipients: recipients(5001)}); got.Action != want {
			t.Errorf("%s: %v, want %v", login, got.Action, want)
		}
	}
	// Where one class is not enforced, no number of recipients is too high for everybody.
	config.Enforce = true
	premium := config.Classes["premium"]
	premium.Enforce = new(false)
	config.Classes["premium"] = premium
	if got := newPolicy(t, config).Judge(t.Context(), &Message{Login: "away", Recipients: recipients(5001)}); got.Action != Defer {
		t.Errorf("away: %v, want %v", got.Action, Defer)
	}
	config.Enforce = false
	config.Senders.Unauthenticated = "refuse"
	if got := newPolicy(t, config).Judge(t.Context(), &Message{Recipients: recipients(1)}); got.Action != WouldRefuse {
		t.Errorf("unauthenticated: %v", got.Action)
	}
}

func TestClasses(t *testing.T) {
	config := DefaultConfig()
	config.DefaultClass = "all"
	config.Premium.Class = "large"
	config.Unavailable.Premium = "base"
	config.Classes = map[string]ClassConfig{
		"all":      {Recipients: new(10)},
		"teachers": {Recipients: new(20), Match: MatchConfig{Attribute: "ENTPersonProfils", Value: []string{"national_ens"}}},
		"large":    {Recipients: new(30)},
		"tiny":     {Recipients: new(1), Match: MatchConfig{Domain: []string{"EntMip.fr"}}},
	}
	policy := newPolicy(t, config)
	for login, want := range map[string]string{"anne": "all", "prof": "teachers", "dir": "large", "paul": "tiny"} {
		if got := policy.Judge(t.Context(), &Message{Login: login, Recipients: recipients(1)}); got.Class != want {
			t.Errorf("%s is in class %s, want %s", login, got.Class, want)
		}
	}
	if got := policy.Judge(t.Context(), &Message{Login: "away", Recipients: recipients(11)}); got.Action != Refuse || got.Limit != 10 {
		t.Errorf("base limit while the directory is away: %+v", got)
	}
	if got := policy.rules.HighestLimit(); got != 30 {
		t.Errorf("highest limit %d, want 30", got)
	}
	if got := policy.rules.MatchAttributes(); len(got) != 1 || got[0] != "entpersonprofils" {
		t.Errorf("attributes %q", got)
	}
}

func BenchmarkJudge(b *testing.B) {
	config := DefaultConfig()
	policy := newPolicy(b, config)
	config.Senders.ExemptRecipients = []string{"postmaster", "abuse@ac-test.fr"}
	exempting := newPolicy(b, config)
	for _, n := range []int{1, 10, 150, 1000} {
		m := &Message{Login: "anne", Recipients: recipients(n)}
		for name, p := range map[string]*Policy{"plain": policy, "exempt": exempting} {
			b.Run(fmt.Sprintf("%s/recipients=%d", name, n), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					p.Judge(b.Context(), m)
				}
			})
		}
	}
}
