package quota

import "testing"

// TestListBeyondASCII: a list is recognised however its domain and name are written, and
// the directory is asked for one spelling.
func TestListBeyondASCII(t *testing.T) {
	d := newListed()
	d.lists["parents@xn--lyce-dpa.fr"] = d.lists["owned@l.fr"]
	for _, domain := range []string{"lycée.fr", "xn--lyce-dpa.fr", "LYCÉE.fr"} {
		policy := listPolicy(t, "[lists]\ndomains = [\""+domain+"\"]", d, nil)
		for _, address := range []string{
			"parents@lycée.fr", "Parents@LYCÉE.FR", "parents@xn--lyce-dpa.fr", "parents+x@lycée.fr", "parents@lyce\u0301e.fr.",
			"parents%lycée.fr@relay.fr", "lycée.fr!parents@relay.fr", `"parents@lycée.fr"@relay.fr`, "@relay.fr:parents@lycée.fr",
			"parent\u017f@lycée.fr", "parent\u017f@xn--lyce-dpa.fr", "parents@lycée。fr",
		} {
			v := policy.Judge(t.Context(), &Message{Login: "member", EnvelopeSender: "member@entmip.fr", Recipients: envelope(address)})
			if v.Reason != ListPosting || v.List != "parents@xn--lyce-dpa.fr" {
				t.Errorf("%s in %s: %v, list %q", address, domain, v.Reason, v.List)
			}
		}
	}
}

// TestDomainsBeyondASCII: classes, exempt recipients and the sender's own
// addresses compare domains in one form.
func TestDomainsBeyondASCII(t *testing.T) {
	d := newListed()
	d.people["jean"] = Sender{ID: "jean", Addresses: []string{"jean@xn--lyce-dpa.fr"}}
	d.lists["owned@l.fr"].Owners = []Person{{ID: "jean", Addresses: []string{"jean@xn--lyce-dpa.fr"}}}
	policy := listPolicy(t, "[lists]\ndomains = [\"l.fr\"]\n"+
		"[class.other]\nrecipients = 1\n[class.lycee]\nrecipients = 9\nmatch = { domain = [\"lycée.fr\"] }\n"+
		"[senders]\nexempt_recipients = [\"Abuse@Lycée.fr\"]\n", d, nil)
	v := policy.Judge(t.Context(), &Message{
		Login: "jean", EnvelopeSender: "jean@LYCÉE.fr", Recipients: envelope("owned@l.fr", "abuse@lycée.fr", "abuse@xn--lyce-dpa.fr"),
	})
	if v.Action != Accept || v.Class != "lycee" || v.Recipients != 1 {
		t.Errorf("%+v", v)
	}
	h := Header{From: []string{"Jean <jean@lycée.fr>"}}
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
