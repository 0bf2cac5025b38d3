package spelling

import (
	"regexp"
	"strings"
	"testing"
)

func TestLogin(t *testing.T) {
	for login, want := range map[string]string{
		"mdurand":                 "mdurand",
		"MDurand@Test":            "mdurand@test",
		"Éloïse":                  "éloïse",
		strings.Repeat("x", 1024): strings.Repeat("x", 1024),
		strings.Repeat("x", 1025): "",
		"":                        "",
		"a\x00b":                  "",
		"\xff":                    "",
	} {
		if got, ok := Login(login); got != want || ok != (want != "") {
			t.Errorf("%.20q: %.20q, %v", login, got, ok)
		}
	}
}

func FuzzUAI(f *testing.F) {
	for _, text := range []string{"0310001A", "0310001a", "{UAI}0310001A", "{uai}0310001a", " 0310001A ", "{SIRET}193113826", "031000AA", ""} {
		f.Add(text)
	}
	shape := regexp.MustCompile(`^[0-9]{7}[A-Z]$`)
	f.Fuzz(func(t *testing.T, text string) {
		uai, ok := UAI(text)
		if !ok {
			return
		}
		again, _ := UAI(uai)
		if !shape.MatchString(uai) || again != uai || !strings.Contains(strings.ToUpper(text), uai) {
			t.Errorf("%q became %q", text, uai)
		}
	})
}

func TestUAI(t *testing.T) {
	for text, want := range map[string]string{
		"0310001A": "0310001A", "0310001a": "0310001A", "{UAI}0310001A": "0310001A", "{uai}0310001a": "0310001A",
		"{SIRET}0310001A": "", "0310001": "", "03100011A": "", "0310001AB": "", "": "",
	} {
		if got, ok := UAI(text); got != want || ok != (want != "") {
			t.Errorf("%q: %q, %v", text, got, ok)
		}
	}
}

func TestALoginInLowerCaseCostsNoAllocation(t *testing.T) {
	if n := testing.AllocsPerRun(100, func() { Login("prenom.nom") }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
