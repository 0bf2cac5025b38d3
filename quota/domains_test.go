package quota

import (
	"testing"

	"github.com/rcptquota/rcptquota/quota/list"
)

// TestDomainsBeyondASCII: classes, exempt recipients and the sender's own
// addresses compare domains in one form.
func TestDomainsBeyondASCII(t *testing.T) {
	d := newListed()
	d.people["jean"] = Sender{ID: "jean", Addresses: []string{"jean@xn--lyce-dpa.fr"}}
	d.lists["owned@l.fr"].Owners = []list.Person{{ID: "jean", Addresses: []string{"jean@xn--lyce-dpa.fr"}}}
	policy := listPolicy(t, "[lists]\ndomains = [\"l.fr\"]\n"+
		"[class.other]\nrecipients = 1\n[class.lycee]\nrecipients = 9\nmatch = { domain = [\"lycée.fr\"] }\n"+
		"[senders]\nexempt_recipients = [\"Abuse@Lycée.fr\"]\n", d, nil)
	v := policy.Judge(t.Context(), &Message{
		Login: "jean", EnvelopeSender: "jean@LYCÉE.fr", Recipients: envelope("owned@l.fr", "abuse@lycée.fr", "abuse@xn--lyce-dpa.fr"),
	})
	if v.Action != Accept || v.Class != "lycee" || v.Recipients != 1 {
		t.Errorf("%+v", v)
	}
	h := Header{Header: list.Header{From: []string{"Jean <jean@lycée.fr>"}}}
	if v = policy.JudgeHeader(&v, &h); v.Action != Accept {
		t.Errorf("%v, %v", v.Reason, v.FromFault)
	}
}

func TestDomainMistakes(t *testing.T) {
	for _, text := range []string{
		"[lists]\ndomains = [\"lyc\u00e9e.fr\", \"xn--lyce-dpa.fr\"]",
		"[lists]\ndomains = [\"\u0301a.fr\"]",
		"[class.a]\nrecipients = 1\nmatch = { domain = [\"lyc\u00e9e.fr\"] }\n[class.b]\nrecipients = 1\nmatch = { domain = [\"xn--lyce-dpa.fr\"] }",
	} {
		if _, err := readRules(text); err == nil {
			t.Errorf("%s: no mistake", text)
		}
	}
}
