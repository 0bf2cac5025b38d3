package from

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

var mine = []string{"paul.martin@entmip.fr", "pmartin@entmip.fr"}

// me has two addresses, and a login that is neither.
var me = Identity{Login: "p.martin31", Addresses: mine}

func TestFrom(t *testing.T) {
	for value, want := range map[string]Fault{
		"paul.martin@entmip.fr":                                               NoFault,
		" Paul Martin <Paul.Martin@EntMip.fr> ":                               NoFault,
		"\"Martin, Paul (lycee)\"\n\t<pmartin@entmip.fr>":                     NoFault,
		`"P. \"le prof\" Martin" <pmartin@entmip.fr>`:                         NoFault,
		"=?windows-1252?Q?Ren=E9_Martin?= <pmartin@entmip.fr>":                NoFault,
		"=?iso-8859-15?B?UmVu6Q==?=\n =?utf-8?q?Martin?= <pmartin@entmip.fr>": NoFault,
		"René Martin <pmartin@entmip.fr>":                                     NoFault,
		"J. Martin <pmartin@entmip.fr>":                                       NoFault,
		"<pmartin@entmip.fr>":                                                 NoFault,
		`"pmartin@entmip.fr" <pmartin@entmip.fr>`:                             NoFault,
		`"Paul Martin (Paul.Martin@entmip.fr)" <pmartin@entmip.fr>`:           NoFault,
		`"pmartin@entmip.fr via ENT" <pmartin@entmip.fr>`:                     NoFault,
		`"=?utf-8?q?Ren=C3=A9?=" <pmartin@entmip.fr>`:                         NoFault,

		"directeur@entmip.fr":                                           OtherAddress,
		"Paul Martin <directeur@entmip.fr>":                             OtherAddress,
		"pmartin@entmip.fr.evil.example":                                OtherAddress,
		"=?utf-8?q?Paul_Martin_=3Cpmartin=40entmip.fr=3E?= <x@evil.fr>": OtherAddress,
		`"pmartin@entmip.fr" <x@evil.fr>`:                               OtherAddress,
		"\"pmartin@entmip.fr\"\n <x@evil.fr>":                           OtherAddress,

		"directeur@entmip.fr, pmartin@entmip.fr":          Several,
		"Paul <pmartin@entmip.fr>, <directeur@entmip.fr>": Several,
		"Paul <pmartin@entmip.fr,directeur@entmip.fr>":    Several,
		"pmartin@entmip.fr,":                              Several,

		"":                                Malformed,
		"<>":                              Malformed,
		"Paul Martin":                     Malformed,
		"Profs: pmartin@entmip.fr;":       Malformed,
		"Profs:;":                         Malformed,
		"undisclosed-recipients:;":        Malformed,
		"pmartin@entmip.fr (Paul Martin)": Malformed,
		"(directeur@entmip.fr) pmartin@entmip.fr": Malformed,
		"pmartin(x)@entmip.fr":                    Malformed,
		"<@evil.fr:pmartin@entmip.fr>":            Malformed,
		"<pmartin@entmip.fr> <x@evil.fr>":         Malformed,
		"<x@evil.fr> pmartin@entmip.fr":           Malformed,
		"x@evil.fr <pmartin@entmip.fr>":           Malformed,
		"Paul <pmartin@entmip.fr":                 Malformed,
		"Paul pmartin@entmip.fr>":                 Malformed,
		"Paul <pmartin@entmip.fr> x":              Malformed,
		"<pmartin @entmip.fr>":                    Malformed,
		"pmartin @entmip.fr":                      Malformed,
		"pmartin@\n entmip.fr":                    Malformed,
		`"pmartin"@entmip.fr`:                     Malformed,
		`<"pmartin"@entmip.fr>`:                   Malformed,
		`"Paul <pmartin@entmip.fr>`:               Malformed,
		`Paul\ <pmartin@entmip.fr>`:               Malformed,
		"<pmartin@[entmip.fr]>":                   Malformed,
		"=?utf-8?q?pmartin=40entmip.fr?=":         Malformed,
		"=?utf-8?q?=3Cpmartin=40entmip.fr=3E?=":   Malformed,
		"pmartin@entmip.fr\nBcc: x@evil.fr":       Malformed,
		"pmartin@entmip.fr\x00, x@evil.fr":        Malformed,
		"pmartin@entmip.fr\r, x@evil.fr":          Malformed,
		"Ren\xe9 <pmartin@entmip.fr>":             Malformed,
		"<pm\u0430rtin@entmip.fr>":                Malformed, // a Cyrillic letter
		"<pmartin@entmip.fr\u200b>":               Malformed,

		`"directeur@entmip.fr" <pmartin@entmip.fr>`:                                                Name,
		"=?utf-8?q?Directeur_=3Cdirecteur=40entmip.fr=3E?= <pmartin@entmip.fr>":                    Name,
		"=?utf-8?q?directeur=EF=BC=A0entmip.fr?= <pmartin@entmip.fr>":                              Name,
		"directeur\ufe6bentmip.fr <pmartin@entmip.fr>":                                             Name,
		`"=?utf-8?q?directeur=40entmip.fr?=" <pmartin@entmip.fr>`:                                  Name,
		"x=?utf-8?q?directeur=40entmip.fr?= <pmartin@entmip.fr>":                                   Name,
		"=?utf-8?b?ZGlyZWN0ZXVyQGVudG1pcC5mcg==?=x <pmartin@entmip.fr>":                            Name,
		`"=?utf-8?x?directeur?=" <pmartin@entmip.fr>`:                                              Encoding,
		`"=?utf-7?q?directeur+AEA-entmip.fr?=" <pmartin@entmip.fr>`:                                Encoding,
		"=?utf-7?q?directeur+AEA-entmip.fr?= <pmartin@entmip.fr>":                                  Encoding,
		"=?csutf7?q?directeur+AEA-entmip.fr?= <pmartin@entmip.fr>":                                 Encoding,
		"=?ibm037?q?=84=89=99=85=83=A3=85=A4=99=7C=85=95=A3=94=89=97K=86=99?= <pmartin@entmip.fr>": Encoding,
		"=?gb2312?q?directeur=A3=C0entmip.fr?= <pmartin@entmip.fr>":                                Name,
		"=?utf8?q?directeur=EF=BC=A0entmip.fr?= <pmartin@entmip.fr>":                               Name,
		`"pmartin@entmip.fr (directeur@entmip.fr)" <pmartin@entmip.fr>`:                            Name,
	} {
		if got := me.CheckField(value); got != want {
			t.Errorf("%q: %v, want %v", value, got, want)
		}
	}
}

// TestLongFrom: a field that would take long to parse is not parsed.
func TestLongFrom(t *testing.T) {
	for _, name := range []string{strings.Repeat("@", 50_000), strings.Repeat("\ufffd", 50_000), strings.Repeat("=?utf-8?q?=40?=", 50_000)} {
		if got := me.CheckField(`"` + name + `" <pmartin@entmip.fr>`); got != Malformed {
			t.Error(got)
		}
	}
}

// TestLookAlikes: a letter whose lower case is in ASCII is not the same as that letter.
func TestLookAlikes(t *testing.T) {
	karl := Identity{Addresses: []string{"karl@entmip.fr"}}
	if got := karl.CheckField("<\u212aarl@entmip.fr>"); got != Malformed { // the Kelvin sign
		t.Error(got)
	}
}

func TestFields(t *testing.T) {
	const mine, other = "pmartin@entmip.fr", "x@evil.fr"
	for _, c := range []struct {
		fields []string
		want   Fault
	}{
		{nil, Missing},
		{[]string{mine}, NoFault},
		{[]string{other}, OtherAddress},
		{[]string{mine, mine}, Several},
		{[]string{other, mine, other}, Several},
	} {
		if got := me.Check(c.fields); got != c.want {
			t.Errorf("%q: %v, want %v", c.fields, got, c.want)
		}
	}
}

func FuzzFrom(f *testing.F) {
	f.Add("Paul <pmartin@entmip.fr>")
	f.Add("=?utf-8?q?x?= \"a\\\"\" <pmartin@entmip.fr>")
	f.Add("g: pmartin@entmip.fr, x@evil.fr;")
	f.Add("pmartin@entmip.fr\n (x@evil.fr)")
	f.Fuzz(func(t *testing.T, value string) { checkFrom(t, value) })
}

// FuzzGeneratedFrom tries addresses generated by the rules of RFC 5322 section 3.4,
// including obsolete ones, from a number of the fuzzer's.
func FuzzGeneratedFrom(f *testing.F) {
	for seed := range uint64(50) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, seed uint64) {
		g := grammar{rand.New(rand.NewPCG(seed, 0))}
		checkFrom(t, g.addressList())
	})
}

// grammar generates texts by the rules of RFC 5322; its addresses are often the sender's.
type grammar struct{ *rand.Rand }

func (g grammar) pick(rules ...func() string) string { return rules[g.IntN(len(rules))]() }

func text(s string) func() string { return func() string { return s } }

func (g grammar) addressList() string {
	var all strings.Builder
	all.WriteString(g.address())
	for g.IntN(4) == 0 {
		all.WriteString(g.cfws() + "," + g.cfws() + g.address())
	}
	return all.String()
}

func (g grammar) address() string { return g.pick(g.mailbox, g.mailbox, g.mailbox, g.group) }

func (g grammar) group() string {
	return g.phrase() + ":" + g.pick(text(""), g.mailbox, g.addressList) + ";" + g.cfws()
}

func (g grammar) mailbox() string { return g.pick(g.addrSpec, g.nameAddr, g.nameAddr) }

func (g grammar) nameAddr() string {
	return g.pick(text(""), g.phrase) + g.cfws() + "<" + g.pick(text(""), text(""), g.route) + g.addrSpec() + ">" + g.cfws()
}

func (g grammar) route() string { return "@" + g.domain() + ":" }

func (g grammar) phrase() string {
	return g.word() + g.pick(text(""), func() string { return " " + g.phrase() }, text("."))
}

func (g grammar) word() string { return g.pick(g.atom, g.quoted, g.encoded) }

func (g grammar) atom() string {
	return g.cfws() + g.pick(text("Paul"), text("x"), text("é"), text("pmartin")) + g.cfws()
}

func (g grammar) quoted() string {
	return `"` + g.pick(text("Paul"), text(`\"`), text("pmartin@entmip.fr"), text("a\n b"), text("<x@evil.fr>"), text("")) + `"`
}

func (g grammar) encoded() string {
	return g.pick(text("=?utf-8?q?Paul?="), text("=?utf-8?q?pmartin=40entmip.fr?="), text("=?x?b?eEBldmlsLmZy?="), text("=?utf-8?q?=3C?="))
}

func (g grammar) addrSpec() string {
	return g.pick(text("pmartin@entmip.fr"), text("pmartin@entmip.fr"), text("PMartin@EntMip.FR"),
		func() string { return g.local() + g.cfws() + "@" + g.cfws() + g.domain() })
}

func (g grammar) local() string {
	return g.pick(text("pmartin"), text("x"), g.quoted, g.atom, func() string { return "pmartin" + g.cfws() + "." + g.atom() })
}

func (g grammar) domain() string {
	return g.pick(text("entmip.fr"), text("evil.fr"), text("[entmip.fr]"), func() string { return "entmip" + g.cfws() + "." + g.cfws() + "fr" })
}

func (g grammar) cfws() string {
	return g.pick(text(""), text(""), text(""), text(" "), text("\n "), text("\t"), g.comment)
}

func (g grammar) comment() string {
	return "(" + g.pick(text(""), text("x@evil.fr"), text(`\)`), g.comment, func() string { return fmt.Sprint(g.IntN(9)) }) + ")"
}

// TestGrammar: the rules above generate both fields that pass and fields that only
// net/mail accepts.
func TestGrammar(t *testing.T) {
	var passed, stricter int
	for seed := range uint64(5000) {
		value := grammar{rand.New(rand.NewPCG(seed, 1))}.addressList()
		checkFrom(t, value)
		if me.CheckField(value) == NoFault {
			passed++
		} else if len(secondOpinion(value)) > 0 {
			stricter++
		}
	}
	if passed < 100 || stricter < 100 {
		t.Errorf("%d pass, and of %d net/mail thinks better", passed, stricter)
	}
}
