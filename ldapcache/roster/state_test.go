package roster

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestElection(t *testing.T) {
	a := func(sender string) Designation { return Designation{Establishment: "0310001A", Sender: sender} }
	b := func(sender string) Designation { return Designation{Establishment: "0310002B", Sender: sender} }
	name := func(establishment, sender string) Designation {
		return Designation{Establishment: establishment, Sender: sender}
	}
	none := func(sender string) Designation { return Designation{Sender: sender} }
	for name, c := range map[string]struct{ entered, elected, lost []Designation }{
		"nobody":                        {},
		"three":                         {[]Designation{a("3"), a("1"), a("2")}, []Designation{a("1"), a("2"), a("3")}, nil},
		"the first three":               {[]Designation{a("4"), a("3"), a("1"), a("2"), a("5")}, []Designation{a("1"), a("2"), a("3")}, []Designation{a("4"), a("5")}},
		"each establishment for itself": {[]Designation{b("4"), a("3"), a("1"), a("2")}, []Designation{a("1"), a("2"), a("3"), b("4")}, nil},
		"entered twice":                 {[]Designation{a("1"), a("2"), a("1"), a("2"), a("3")}, []Designation{a("1"), a("2"), a("3")}, nil},
		"an establishment in two spellings": {
			[]Designation{name("Lycée Un", "1"), name("lycée un", "2"), name("LYCÉE UN", "3"), name("Lycée Un", "4"), name("lycée un", "1")},
			[]Designation{name("Lycée Un", "1"), name("lycée un", "2"), name("LYCÉE UN", "3")}, []Designation{name("Lycée Un", "4")}},
		"no limit without establishment":   {[]Designation{none("1"), none("2"), none("3"), none("4")}, []Designation{none("1"), none("2"), none("3"), none("4")}, nil},
		"lost here, but elected elsewhere": {[]Designation{a("1"), a("2"), a("3"), a("4"), b("4")}, []Designation{a("1"), a("2"), a("3"), b("4")}, []Designation{}},
	} {
		entered := append([]Designation(nil), c.entered...)
		elected, lost := elect(c.entered, 3)
		if !reflect.DeepEqual(elected, c.elected) || len(lost) != len(c.lost) || len(lost) > 0 && !reflect.DeepEqual(lost, c.lost) {
			t.Errorf("%s: %v, lost %v", name, elected, lost)
		}
		if !reflect.DeepEqual(entered, c.entered) {
			t.Errorf("%s: what was entered has changed: %v", name, c.entered)
		}
	}
}

func sample() State {
	at := time.Date(2027, 3, 30, 0, 0, 0, 0, time.UTC)
	c := &Copy{Reason: AtCutoff, Cutoff: at, Taken: at, Effect: at.Add(34 * time.Hour),
		Elected: []Designation{{"0310001A", "uid=anne,dc=test", "anne"}}, Lost: []Designation{{Sender: "uid=dora,dc=test"}}}
	return State{Current: &Copy{Reason: FirstStart, Taken: at.Add(-time.Hour), Effect: at.Add(-time.Hour)}, Pending: c}
}

func TestAStateIsWhatWasStored(t *testing.T) {
	want := sample()
	text, err := want.encode()
	if err != nil {
		t.Fatal(err)
	}
	got, err := decodeState(text)
	if err != nil {
		t.Fatal(err)
	}
	want.Current.index()
	want.Pending.index()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, not %+v", got, want)
	}
	if got, err := decodeState(nil); err != nil || got.Current != nil {
		t.Errorf("nothing stored: %+v, %v", got, err)
	}
}

func TestADamagedStateIsAnError(t *testing.T) {
	for _, text := range []string{"", "x", "{}", "null", `{"version":1}`, `{"version":2,"current":{}}`, `{"version":1,"current":{"taken":"yesterday"}}`} {
		if s, err := decodeState([]byte(text)); !errors.Is(err, errDamaged) {
			t.Errorf("%q: %+v, %v", text, s, err)
		}
	}
}

func FuzzState(f *testing.F) {
	text, err := sample().encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add([]byte(strings.ReplaceAll(string(text), "2027", "9999")))
	f.Add([]byte(strings.TrimSuffix(string(text), "}") + `,"aside":` + string(text) + "}"))
	f.Fuzz(func(t *testing.T, text []byte) {
		s, err := decodeState(text)
		if err != nil || text == nil {
			return
		}
		again, err := s.encode()
		if err != nil {
			t.Fatalf("%+v cannot be stored: %v", s, err)
		}
		s2, err := decodeState(again)
		if err != nil || !s2.Newest().same(s.Newest()) {
			t.Errorf("%+v, %v; was %+v", s2, err, s)
		}
		calendar, err := new(DefaultConfig()).Calendar()
		if err != nil {
			t.Fatal(err)
		}
		now := time.Now()
		if s.InFuture(now) != s2.InFuture(now) || calendar.comesBack(s, now) != calendar.comesBack(s2, now) {
			t.Errorf("%+v lies elsewhere than %+v", s2, s)
		}
		k := &snapshot{state: s}
		_, _ = k.premium("anne", time.Now())
	})
}
