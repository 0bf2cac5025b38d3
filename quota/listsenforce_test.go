package quota

import "testing"

// TestListsNotEnforced: nothing is refused, nothing changed.
func TestListsNotEnforced(t *testing.T) {
	policy := listPolicy(t, "enforce = false\n"+listRules, newListed(), nil)
	for _, c := range []struct {
		login, list string
		reason      Reason
	}{
		{"member", "owned@l.fr", ListPosting},
		{"member", "owned@re.fr", ListPosting},
		{"member", "away@l.fr", DirectoryUnavailable},
		{"owner", "owned@l.fr", NoReason},
		{"", "owned@l.fr", ListPosting},
	} {
		v := policy.Judge(t.Context(), &Message{Login: c.login, EnvelopeSender: c.login + "@entmip.fr", Recipients: envelope(c.list)})
		want := WouldRefuse
		if c.reason == NoReason {
			want = Accept
		}
		if v.Action != want || v.Reason != c.reason {
			t.Errorf("%s to %s: %v, %v", c.login, c.list, v.Action, v.Reason)
		}
		if p := v.Posting; p != nil && (p.Enforced || p.ReplyTo != nil || p.Redirects != nil) {
			t.Errorf("%s to %s: posting %+v", c.login, c.list, p)
		}
		if err := policy.Settle(t.Context(), &v, &Header{From: []string{"x@y.fr"}}); err != nil || !v.Action.Passes() {
			t.Errorf("%s to %s at its end: %v, %v", c.login, c.list, v.Action, err)
		}
	}
}

// TestUnknownIsEnforced: who might be of a class whose rules are enforced is not
// let into a list because that cannot be known now.
func TestUnknownIsEnforced(t *testing.T) {
	const trial = "default_class = \"trial\"\n[class.trial]\nrecipients = 9\nenforce = false\n"
	for rules, want := range map[string]Action{
		trial: WouldRefuse,
		trial + "[class.x]\nrecipients = 9\nmatch = { domain = [\"entmip.fr\"] }\n": Defer,
	} {
		policy := listPolicy(t, rules+listRules, newListed(), nil)
		v := policy.Judge(t.Context(), &Message{Login: "away", EnvelopeSender: "away@entmip.fr", Recipients: envelope("owned@l.fr")})
		if v.Action != want || v.Reason != DirectoryUnavailable {
			t.Errorf("%s: %v, %v", rules, v.Action, v.Reason)
		}
	}
}
