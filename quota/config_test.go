package quota

import (
	"strings"
	"testing"
)

func TestConfigMistakes(t *testing.T) {
	for text, want := range map[string]string{
		"[class.x]\nrecipients = 0":                                `t:2: class.x.recipients: 0 is no limit; write how many recipients one message may have, from 1 to 100000`,
		"[class.x]\nenforce = true":                                `t:1: class.x.recipients: missing; write how many recipients one message may have`,
		"default_class = \"y\"":                                    `t:1: default_class: there is no class "y"; write a table [class.y] or name one of ecollege31, entmip, premium`,
		"[premium]\nclass = \"y\"":                                 `t:2: premium.class: there is no class "y"; write a table [class.y] or name one of ecollege31, entmip, premium`,
		"[senders]\nunauthenticated = \"drop\"":                    `t:2: senders.unauthenticated: "drop" is not known; write "pass" or "refuse"`,
		"[senders]\nexempt_networks = [\"10.0.0.1/8\"]":            `t:2: senders.exempt_networks: "10.0.0.1/8" has bits beyond its mask; write "10.0.0.0/8"`,
		"[senders]\ntrusted_submitters = [\"webmail\"]":            `t:2: senders.trusted_submitters: "webmail" is not a network; write it as in "192.0.2.0/24", "2001:db8::/32" or "192.0.2.1"`,
		"[senders]\nexempt_recipients = [\"@.ac-test.fr\"]":        `t:2: senders.exempt_recipients: "@.ac-test.fr": a domain stands for itself alone; name each subdomain, as in "@ac-test.fr"`,
		"[senders]\nexempt_recipients = [\"@a b\"]":                `t:2: senders.exempt_recipients: "@a b" is not an address; write it as in "abuse@ac-test.fr", a bare "postmaster", or a domain as in "@ac-test.fr"`,
		"[senders]\nexempt_recipients = [\"abuse@\"]":              `t:2: senders.exempt_recipients: "abuse@" is not an address; write it as in "abuse@ac-test.fr", a bare "postmaster", or a domain as in "@ac-test.fr"`,
		"[directory_unavailable]\npremium = \"pass\"":              `t:2: directory_unavailable.premium: "pass" is not known; write "defer" or "base"`,
		"[class.x]\nrecipients = 5\nmatch = { domain = [\"@x\"] }": `t:3: class.x.match.domain: "@x" is not a domain; write it as in "ecollege31.fr"`,
		"[class.x]\nrecipients = 5\nmatch = { login = [\"a\"] }\n[class.y]\nrecipients = 5\nmatch = { login = [\"b\", \"A\"] }": `t:6: class.y.match.login: "a" belongs to the class "x" already; a login has one class`,
		"[class.x]\nrecipients = 5\nmatch = { login = [\"a \"] }":                                                               `t:3: class.x.match.login: "a " is not a login; write it as senders log in, in whatever case`,
		"[class.x]\nrecipients = 5\nmatch = { attribute = \"a\" }":                                                              `t:3: class.x.match.value: missing; list the values of a that belong to the class`,
		"[class.x]\nrecipients = 5\nmatch = { value = [\"a\"] }":                                                                `t:3: class.x.match.attribute: missing; name the attribute that has these values`,
		"[class.x]\nrecipients = 5\nmatch = { domain = [\"d\"], attribute = \"a\", value = [\"v\"] }":                           `t:3: class.x.match.attribute: a class matches by domain or by attribute, not by both; leave one out`,
		"[class.x]\nrecipients = 5\nmatch = { domain = [\"d\"] }\n[class.y]\nrecipients = 6\nmatch = { domain = [\"D\"] }":      `t:6: class.y.match.domain: "d" belongs to the class "x" already; a domain has one class`,
		"[class.x]\nrecipients = 5\n[[class.x.window]]\nper = \"10ms\"\nrecipients = 5":                                         `t:4: class.x.window[0].per: 10ms is no period; write one from 1s to 744h0m0s, as in "1h"`,
		"[class.x]\nrecipients = 5\n[[class.x.window]]\nper = \"1h\"":                                                           `t:3: class.x.window[0].recipients: 0 is no limit; write how many recipients the period may hold, from 1 to 100000`,
		"[class.x]\nrecipients = 5\n[[class.x.window]]\nper = \"1h\"\nrecipients = 5\nexceeded = \"drop\"":                      `t:6: class.x.window[0].exceeded: "drop" is not known; write "defer" or "refuse" or "hold"`,
		"[class.x]\nrecipients = 5\n[[class.x.window]]\nper = \"1h\"\nrecipients = 5\ncount = \"all\"":                          `t:6: class.x.window[0].count: "all" is not known; write "distinct" or "copies"`,
		"[class.x]\nrecipients = 5\nmatch = { attribute = \"employee type\", value = [\"v\"] }":                                 `t:3: class.x.match.attribute: "employee type" is not the name of an attribute`,
		"[senders]\nexempt_networks = [\"::ffff:192.0.2.0/120\"]":                                                               `t:2: senders.exempt_networks: "::ffff:192.0.2.0/120" is IPv4 written as IPv6; write it as in "192.0.2.0/24"`,
		"[class.\"a b\"]\nrecipients = 5":                                                                                       `t:1: class.a b: a class is named with letters, digits, - and _`,
	} {
		rules, err := readRules(text)
		if err == nil || err.Error() != want || rules != nil {
			t.Errorf("%s\n got %v\nwant %s", text, err, want)
		}
	}
}

func TestSummary(t *testing.T) {
	for _, c := range []struct {
		rules *Rules
		want  string
	}{
		{compiled(t, DefaultConfig()), "class ecollege31: 150 recipients a message; the default\n" +
			"class entmip: 500 recipients a message\nclass premium: 5000 recipients a message; of premium senders"},
		{mustRules(t, windowed), "class all: 100 recipients a message; 50 distinct in 1h; 80 copies in 24h; the default\n" +
			"no class for premium senders"},
	} {
		if got := strings.Join(c.rules.Summary(), "\n"); got != c.want {
			t.Errorf("summary\n%s\nwant\n%s", got, c.want)
		}
	}
}

func TestWords(t *testing.T) {
	for got, want := range map[string]string{
		Submission.String(): "submission", Inbound.String(): "inbound", Role(9).String(): "unknown",
		Defer.String(): "deferred", Accept.String(): "accepted", Refuse.String(): "refused",
		WouldRefuse.String(): "would_refuse", Hold.String(): "held", Action(9).String(): "unknown",
		NoReason.String(): "none", ExemptNetwork.String(): "exempt_network", Unauthenticated.String(): "unauthenticated",
		WindowLimit.String(): "window", StoreUnavailable.String(): "store_unavailable",
		Distinct.String(): "distinct", Copies.String(): "copies", CountKind(9).String(): "unknown",
		MessageLimit.String(): "message_limit", DirectoryUnavailable.String(): "directory_unavailable", Reason(99).String(): "unknown",
	} {
		if got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
	for _, word := range []string{"submission", "inbound", "", "mx"} {
		var role Role
		if err := role.UnmarshalText([]byte(word)); (err != nil) != (word == "mx") || err == nil && word != "" && role.String() != word {
			t.Errorf("role %q: %v, %v", word, role, err)
		}
	}
	if (Verdict{}).Action.Passes() {
		t.Error("a verdict that was never filled in passes")
	}
}
