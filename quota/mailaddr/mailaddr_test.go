package mailaddr

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
			if _, domain := Split(one); strings.Contains(one, "@") && slices.Contains([]rune(domain), 'A') {
				t.Errorf("%q: %q has a capital", address, one)
			}
		}
	})
}
