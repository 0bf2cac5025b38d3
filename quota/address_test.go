package quota

import (
	"slices"
	"strings"
	"testing"
)

func TestRecipientKey(t *testing.T) {
	for address, want := range map[string]string{
		"a@x.fr":                        "a@x.fr",
		"A+Tag@X.FR":                    "a+tag@x.fr",
		"bare":                          "bare",
		"É@x.fr":                        "é@x.fr",
		"parents@lycée.fr":              "parents@xn--lyce-dpa.fr",
		"parents@LYCÉE.FR":              "parents@xn--lyce-dpa.fr",
		"parents@lyce\u0301e.fr":        "parents@xn--lyce-dpa.fr", // a combining accent
		"parents@XN--lyce-dpa.fr":       "parents@xn--lyce-dpa.fr",
		"parents@lycée。fr":              "parents@xn--lyce-dpa.fr",
		"parents@ｌｙｃｅｅ．ｆｒ":              "parents@lycee.fr",
		"parents@lycée.fr.":             "parents@xn--lyce-dpa.fr.",
		"parents@\u212aarl.fr":          "parents@karl.fr",
		"parent\u017f@x.fr":             "parents@x.fr",
		"\ufb05aff@x.fr":                "staff@x.fr",
		"\u212aarl@x.fr":                "karl@x.fr",
		"parents%lycée.fr@relay.fr":     "parents%lycée.fr@relay.fr",
		"a@mail_server.lycée.fr":        "a@mail_server.xn--lyce-dpa.fr",
		"a@\u05d0\u05d1.\u05d2.example": "a@xn--4dbc.xn--6db.example",
	} {
		if got := RecipientKey(address); got != want {
			t.Errorf("%q: %q, want %q", address, got, want)
		}
	}
}

// TestPersonKey: local parts are the same person's only if they differ in nothing but the
// case of ASCII letters.
func TestPersonKey(t *testing.T) {
	for address, want := range map[string]string{
		"A@X.FR":            "a@x.fr",
		"jean@Lycée.fr":     "jean@xn--lyce-dpa.fr",
		"\u212aarl@x.fr":    "\u212aarl@x.fr",
		"parent\u017f@x.fr": "parent\u017f@x.fr",
		"bare":              "bare",
	} {
		if got := PersonKey(address); got != want {
			t.Errorf("%q: %q, want %q", address, got, want)
		}
	}
}

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

// TestKeysAllocateNothing: an address in lower case and ASCII, as nearly all are, is not
// copied.
func TestKeysAllocateNothing(t *testing.T) {
	address := "parent.one+x@example.org"
	if n := testing.AllocsPerRun(100, func() { _ = RecipientKey(address); _ = PersonKey(address) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkRecipientKey(b *testing.B) {
	for name, address := range map[string]string{"ascii": "claire.bernard@ecollege31.fr", "capitals": "Claire.Bernard@ecollege31.fr", "beyond": "claire@lycée.fr"} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_ = RecipientKey(address)
			}
		})
	}
}

// FuzzKeys checks that the key of a key is the same, and that a domain in ASCII is kept.
func FuzzKeys(f *testing.F) {
	for _, a := range []string{"a@lycée.fr", "A@X", "\u212a@\u017f", "@", "a@b@c", "\xff@\xff", "a@xn--a", "a@。", "ß@ß", "\uab70@x"} {
		f.Add(a)
	}
	f.Fuzz(func(t *testing.T, address string) {
		for _, key := range []func(string) string{RecipientKey, PersonKey} {
			one := key(address)
			if two := key(one); two != one {
				t.Errorf("%q: %q, then %q", address, one, two)
			}
			if _, domain := splitAddress(one); strings.Contains(one, "@") && slices.Contains([]rune(domain), 'A') {
				t.Errorf("%q: %q has a capital", address, one)
			}
		}
	})
}
