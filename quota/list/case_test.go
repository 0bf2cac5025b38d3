package list

import (
	"slices"
	"testing"

	"github.com/rcptquota/rcptquota/quota/list/from"
)

// TestExplain: each recipient has its rule.
func TestExplain(t *testing.T) {
	rules, directory := mustRules(t, someRules), newListed()
	moderated := &List{Owners: []Person{person("owner")}, Moderators: []Person{person("mod")}, Moderated: true}
	directory["moderated@l.fr"], directory["moderated@open.fr"] = moderated, moderated
	recipients := []string{"away@l.fr", "moderated@l.fr", "moderated@open.fr", "nolist@l.fr", "owned+x@l.fr", "owned@re.fr", "sympa@l.fr"}
	for _, c := range []struct {
		name, from string
		want       []Rule
	}{
		{"owner", "owner@entmip.fr", []Rule{NotKnown, OnlyModerators, EverybodyPosts, NotAList, OwnerPosts, OwnerPosts, ServiceAddress}},
		{"mod", "mod@entmip.fr", []Rule{NotKnown, ModeratorPosts, ModeratorPosts, NotAList, NotAManager, NotAManager, ServiceAddress}},
		{"", "x@example.org", []Rule{NotKnown, NotAManager, EverybodyPosts, NotAList, NotAManager, NotAManager, ServiceAddress}},
	} {
		who := Poster{ID: c.name, Addresses: person(c.name).Addresses}
		cases := rules.Explain(t.Context(), directory, recipients, &who, &Message{EnvelopeSender: c.from}, true)
		for i, one := range cases {
			if one.Recipient != recipients[i] || one.Rule != c.want[i] || (one.Err != nil) != (one.Rule == NotKnown) {
				t.Errorf("%q to %s: %+v, want %v", c.name, recipients[i], one, c.want[i])
			}
		}
	}
	owner := Poster{ID: "owner", Addresses: person("owner").Addresses}
	forged := rules.Explain(t.Context(), directory, []string{"owned@l.fr"}, &owner, &Message{EnvelopeSender: "x@example.org"}, true)[0]
	if forged.Refusal != OtherSender || forged.Fault != from.Envelope || forged.List != "owned@l.fr" {
		t.Errorf("forged: %+v", forged)
	}
	redirected := rules.Explain(t.Context(), directory, []string{"owned@re.fr"}, &Poster{}, &Message{EnvelopeSender: "x@example.org"}, true)[0]
	if redirected.Refusal != NotRefused || !slices.Equal(redirected.Redirects, []string{"owner@entmip.fr"}) {
		t.Errorf("redirected: %+v", redirected)
	}
	unknown := rules.Explain(t.Context(), directory, []string{"owned@l.fr"}, &Poster{Err: errAway}, &Message{EnvelopeSender: "x@example.org"}, true)[0]
	if unknown.Rule != NotKnown || unknown.Err == nil {
		t.Errorf("unknown: %+v", unknown)
	}
}

// TestUnknownDomainIsTheSameEachTime: of several domains that cannot be asked, the reply
// names the same one, in whatever order the recipients come.
func TestUnknownDomainIsTheSameEachTime(t *testing.T) {
	rules, directory := mustRules(t, someRules), newListed()
	for _, order := range [][]string{{"away@l.fr", "away@open.fr", "away@re.fr"}, {"away@re.fr", "away@open.fr", "away@l.fr"}} {
		candidates := rules.Candidates(slices.Values(order))
		if found := rules.Find(t.Context(), directory, &candidates); found.unknown != "@l.fr" {
			t.Errorf("%v: %s", order, found.unknown)
		}
	}
}

func TestRuleNames(t *testing.T) {
	seen := map[string]bool{}
	for r := NotAList; r <= NotAManager+1; r++ {
		if seen[r.String()] {
			t.Errorf("%v is told twice", r)
		}
		seen[r.String()] = true
	}
	if !seen["unknown"] {
		t.Error("a rule beyond the last has a name")
	}
}

func TestDomainRules(t *testing.T) {
	rules := mustRules(t, someRules)
	d, ok := rules.DomainRules("anything@re.fr")
	if want := (DomainRules{"re.fr", "redirect", "managers", "one", true, "pass"}); !ok || d != want {
		t.Errorf("%+v, %v", d, ok)
	}
	if _, ok := rules.DomainRules("anything@example.org"); ok {
		t.Error("example.org is a list domain")
	}
}
