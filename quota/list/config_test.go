package list

import (
	"slices"
	"testing"
)

func TestConfigMistakes(t *testing.T) {
	for text, want := range map[string]string{
		"[lists]\ndomains = [\"@l.fr\"]":                               `t:2: lists.domains: "@l.fr" is not a domain; write it as in "listes.ac-test.fr"`,
		"[lists]\ndomains = [\"l.fr.\"]":                               `t:2: lists.domains: "l.fr." is not a domain; write it as in "listes.ac-test.fr"`,
		"[lists]\ndomains = [\"l.fr\", \"L.FR\"]":                      `t:2: lists.domains: "L.FR" is a list domain already; write it once`,
		"[lists]\n[[lists.domain]]\nunauthorised = \"pass\"":           `t:2: lists.domain[0].name: "" is not a domain; write it as in "listes.ac-test.fr"`,
		"[lists]\nunauthorised = \"drop\"":                             `t:2: lists.unauthorised: "drop" is not known; write "refuse", "redirect" or "pass"`,
		"[lists]\nreply_to = \"list\"":                                 `t:2: lists.reply_to: "list" is not known; write "managers" or "keep"`,
		"[lists]\n[[lists.domain]]\nname = \"l.fr\"\nweight = \"two\"": `t:4: lists.domain[0].weight: "two" is not known; write "one" or "members"`,
		"[lists]\nauto_generated = \"no\"":                             `t:2: lists.auto_generated: "no" is not known; write "pass" or "refuse"`,
		"[senders]\nrecipient_delimiter = \"a\"":                       `t:2: senders.recipient_delimiter: "a" cannot separate an extension; write what Postfix has, as in "+"`,
	} {
		if _, err := readRules(text); err == nil || err.Error() != want {
			t.Errorf("%s\n got %v\nwant %s", text, err, want)
		}
	}
}

// TestSummary: what a domain leaves out is as for all lists.
func TestSummary(t *testing.T) {
	rules := mustRules(t, `
[lists]
domains = ["l.fr"]
reply_to = "keep"
[[lists.domain]]
name = "Open.fr"
unauthorised = "pass"
weight = "members"
sender_check = false
[[lists.domain]]
name = "re.fr"
unauthorised = "redirect"
reply_to = "managers"
auto_generated = "refuse"
`)
	want := []string{
		"l.fr: who may not post is refused; Reply-To is kept",
		"open.fr: who may not post is let through; Reply-To is kept; a list counts as its members; From is not checked",
		"re.fr: who may not post is redirected to the managers; no automatic messages, of managers either",
	}
	if got := rules.Summary(); !slices.Equal(got, want) || !rules.Any() || !rules.CountsMembers() {
		t.Errorf("%q, want %q", got, want)
	}
	if none := mustRules(t, "[lists]\n"); none.Any() || none.CountsMembers() || none.Summary() != nil {
		t.Errorf("%+v", none)
	}
}
