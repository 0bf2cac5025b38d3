package alert

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/rcptquota/rcptquota/milter"
	"github.com/rcptquota/rcptquota/quota"
)

// noon is the time of every decision here.
var noon = time.Date(2026, 11, 25, 12, 0, 0, 0, time.Local)

// refused is the decision on a message of anne's that had too many recipients.
func refused() *milter.Decision {
	return &milter.Decision{QueueID: "4Fxy", Verdict: &quota.Verdict{
		Action: quota.Refuse, Reason: quota.MessageLimit,
		Facts: quota.Facts{Sender: "anne", Class: "ecollege31", Recipients: 151, Limit: 150, List: "parents@l.example.org"},
	}}
}

func TestWhichDecisionsAreWorthAnAlert(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*quota.Verdict)
		text   string // empty: no alert
	}{
		"refused":        {func(*quota.Verdict) {}, "A message of anne was refused for the first time today: it has 151 recipients, and the limit is 150."},
		"no sender":      {func(v *quota.Verdict) { v.Sender = "" }, ""},
		"accepted":       {func(v *quota.Verdict) { v.Action = quota.Accept }, ""},
		"not enforced":   {func(v *quota.Verdict) { v.Action = quota.WouldRefuse }, ""},
		"redirected":     {func(v *quota.Verdict) { v.Action = quota.Redirect }, ""},
		"directory away": {func(v *quota.Verdict) { v.Action, v.Reason = quota.Defer, quota.DirectoryUnavailable }, ""},
		"store away":     {func(v *quota.Verdict) { v.Action, v.Reason = quota.Defer, quota.StoreUnavailable }, ""},
		"window": {func(v *quota.Verdict) {
			v.Action, v.Reason, v.Used, v.Window = quota.Defer, quota.WindowLimit, 100, quota.Window{Per: time.Hour}
		}, "A message of anne was deferred for the first time today: it has 151 recipients, and 100 of 150 are used in 1h."},
		"too many at once": {func(v *quota.Verdict) { v.Action, v.Reason = quota.Defer, quota.Concurrency },
			"A message of anne was deferred for the first time today: too many of the sender's messages are under way at once."},
		"list": {func(v *quota.Verdict) { v.Reason = quota.ListPosting },
			"A message of anne was refused for the first time today: the sender may not post to a list."},
		"from": {func(v *quota.Verdict) { v.Reason = quota.ListFrom },
			"A message of anne was refused for the first time today: the reason is list_from."},
	} {
		d := refused()
		c.change(d.Verdict)
		a, worth := ofDecision(d, noon)
		if worth != (c.text != "") || a.Text != c.text {
			t.Errorf("%s: %v, %q; want %q", name, worth, a.Text, c.text)
		}
		if told := a.Text + a.body() + a.subject() + a.key; strings.Contains(told, "parents") {
			t.Errorf("%s: names a recipient: %s", name, told)
		}
	}
}

// TestOnceADay: the key of an alert is the same all day, however a login is written.
func TestOnceADay(t *testing.T) {
	key := func(login string, now time.Time) string {
		d := refused()
		d.Sender = login
		a, _ := ofDecision(d, now)
		return a.key
	}
	if key("anne", noon) != key("ANNE", noon.Add(11*time.Hour)) {
		t.Error("another key on the same day")
	}
	if key("anne", noon) == key("anne", noon.Add(12*time.Hour)) || key("anne", noon) == key("bruno", noon) {
		t.Error("the same key on another day, or of another sender")
	}
}

func TestWhichUseIsWorthAnAlert(t *testing.T) {
	w := quota.Window{Per: 24 * time.Hour, Recipients: 150}
	for used, want := range map[int]string{
		0: "", 119: "", 150: "anne has used 150 of the 150 recipients of 24h (100 %).",
		120: "anne has used 120 of the 150 recipients of 24h (80 %).",
	} {
		if a, worth := ofUse("anne", "entmip", Use{w, used}, 80, noon); worth != (want != "") || a.Text != want {
			t.Errorf("%d: %v, %q; want %q", used, worth, a.Text, want)
		}
	}
}

func TestStatesThatLast(t *testing.T) {
	var s states
	var got []string
	for i, problem := range []string{"", "away", "away", "", "away", "away", "away", "away, too", "", ""} {
		var alerts []Alert
		s, alerts = s.next(State{Store: problem}, noon.Add(time.Duration(i)*30*time.Second), time.Minute)
		for _, a := range alerts {
			got = append(got, a.Text)
		}
	}
	want := "For 1m0s the counts' store has not been available: away.\nAfter 2m0s the counts' store is available again."
	if text := strings.Join(got, "\n"); text != want {
		t.Errorf("told:\n%s\nwant:\n%s", text, want)
	}
	if _, alerts := (states{}).next(State{Directory: "x", Roster: "y"}, noon, 0); len(alerts) != 2 || alerts[0].Kind != Degraded || alerts[1].Kind != Roster {
		t.Errorf("%+v", alerts)
	}
}

func TestReload(t *testing.T) {
	a := ofReload(errors.New("rcptquota.toml:3: recipients: no number"), noon)
	if a.Kind != Reload || !strings.HasSuffix(a.Text, "in force: rcptquota.toml:3: recipients: no number") {
		t.Errorf("%+v", a)
	}
}

func TestKindsHaveNames(t *testing.T) {
	for _, k := range Kinds() {
		var back Kind
		if err := back.UnmarshalText([]byte(k.String())); err != nil || back != k {
			t.Errorf("%d: %s, %v", k, back, err)
		}
		if (&Alert{Kind: k}).subject() == "rcptquota: " {
			t.Errorf("%s has no subject", k)
		}
	}
	if Kind(99).String() != "unknown" {
		t.Error("99 is a kind")
	}
}

func TestNextDigest(t *testing.T) {
	at := time.Date(0, 1, 1, 7, 30, 0, 0, time.UTC)
	for now, want := range map[time.Time]time.Time{
		noon:                         time.Date(2026, 11, 26, 7, 30, 0, 0, time.Local),
		noon.Add(-5 * time.Hour):     time.Date(2026, 11, 25, 7, 30, 0, 0, time.Local),
		noon.Add(-270 * time.Minute): time.Date(2026, 11, 26, 7, 30, 0, 0, time.Local),
	} {
		if got := nextDigest(now, at); !got.Equal(want) {
			t.Errorf("after %v: %v, want %v", now, got, want)
		}
	}
}
