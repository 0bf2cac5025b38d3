package postfix

import (
	"strings"
	"testing"
)

func TestParseMilters(t *testing.T) {
	for value, want := range map[string]string{
		"":                             "",
		" ,, ":                         "",
		"inet:127.0.0.1:1, unix:a\tb":  "inet:127.0.0.1:1|unix:a|b",
		"{ inet:[::1]:1 }":             "inet:[::1]:1",
		"{unix:a,x=1 { y = 2 , 3 }},b": "{unix:a,x=1,y=2 , 3}|b",
		"{ unix:a x=1 x=2 }{ c }":      "",
		"{ { a } }":                    "{ a }",
	} {
		milters, err := ParseMilters(value)
		var got []string
		for _, m := range milters {
			got = append(got, m.String())
		}
		if strings.Join(got, "|") != want || err != nil && want != "" {
			t.Errorf("%q: %q, %v, want %q", value, got, err, want)
		}
	}
	for _, value := range []string{"{ a", "a}", "{ }", "{ a b }", "}{"} {
		if milters, err := ParseMilters(value); err == nil {
			t.Errorf("%q: %v, want an error", value, milters)
		}
	}
}

func TestMilterOptions(t *testing.T) {
	milters, err := ParseMilters("{ unix:a, default_action=accept, default_action=tempfail }")
	if err != nil {
		t.Fatal(err)
	}
	if value, set := milters[0].Option("default_action"); !set || value != "tempfail" {
		t.Errorf("%q, want the last", value)
	}
	changed := milters[0].With("default_action", "shutdown")
	if got := changed.String(); got != "{unix:a,default_action=shutdown}" {
		t.Error(got)
	}
	if len(milters[0].Options) != 2 {
		t.Error("the milter itself was changed")
	}
}

// FuzzParseMilters: what is read and written again reads as the same.
func FuzzParseMilters(f *testing.F) {
	f.Add("inet:127.0.0.1:1, { unix:a, x=1, { y = 2 } } $z")
	f.Add("{{}}{")
	f.Add("{ {}}")
	f.Fuzz(func(t *testing.T, value string) {
		milters, err := ParseMilters(value)
		if err != nil || strings.ContainsAny(value, "{}") && strings.Contains(value, "{{") {
			return
		}
		for _, m := range milters {
			if strings.ContainsAny(m.String(), " \t\r\n") || strings.Count(m.String(), "{") > 1 || strings.HasPrefix(m.Address, "{") {
				continue // a value with white space or braces is not written
			}
			again, err := ParseMilters(m.String())
			if err != nil || len(again) != 1 || again[0].Address != m.Address || len(again[0].Options) != len(m.Options) {
				t.Errorf("%q is written as %q, which reads as %+v, %v", value, m, again, err)
			}
		}
	})
}
