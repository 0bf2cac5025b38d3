package quota

import (
	"slices"
	"testing"
)

// TestExemptDomains: all recipients of an exempt domain are left out of the count, in
// whatever form the domain is written, and those of its subdomains are not. The address of
// a list counts for nothing either, but stays closed.
func TestExemptDomains(t *testing.T) {
	rules := mustRules(t, `
[senders]
exempt_recipients = ["@AC-Test.fr", "@lycée.fr", "@l.fr"]
[lists]
domains = ["l.fr"]
weight = "members"
[class.all]
recipients = 2
`)
	policy := NewPolicy(rules, newListed(), nil)
	for _, c := range []struct {
		login  string
		to     []string
		n      int
		action Action
		reason Reason
	}{
		{"member", []string{"a@ac-test.fr", "b@ac-test.fr", "c@ac-test.fr"}, 0, Accept, NoReason},
		{"member", []string{"a@ac-test.fr", "b@LYCÉE.fr", "c@xn--lyce-dpa.fr", "d@x.fr", "e@x.fr"}, 2, Accept, NoReason},
		{"member", []string{"a@sub.ac-test.fr", "b@notac-test.fr", "c@ac-test.fr.x", "d@ac-test.fr"}, 3, Refuse, MessageLimit},
		{"member", []string{"ac-test.fr", "@", `"@ac-test.fr"@x.fr`}, 3, Refuse, MessageLimit},
		{"owner", []string{"owned@l.fr", "a@x.fr", "b@x.fr"}, 2, Accept, NoReason},
		{"member", []string{"owned@l.fr"}, 0, Refuse, ListPosting},
	} {
		v := policy.Judge(t.Context(), &Message{Login: c.login, EnvelopeSender: c.login + "@entmip.fr", Recipients: envelope(c.to...)})
		if v.Action != c.action || v.Reason != c.reason || v.Recipients != c.n {
			t.Errorf("%s to %q: %v, %v, %d recipients", c.login, c.to, v.Action, v.Reason, v.Recipients)
		}
	}
}

// TestExemptAllocatesNothing: nothing is copied to look a recipient up.
func TestExemptAllocatesNothing(t *testing.T) {
	exempt, err := parseExemptRecipients("k", []string{"@ac-test.fr", "abuse@x.fr", "postmaster"})
	if err != nil {
		t.Fatal(err)
	}
	all := envelope(append(slices.Collect(recipients(500).All()), "a@ac-test.fr", "@", "x@", "bare")...)
	if allocs := testing.AllocsPerRun(100, func() { exempt.count(all) }); allocs > 0 {
		t.Errorf("%v allocations for %d recipients", allocs, all.Len())
	}
}
