package conf

import (
	"errors"
	"testing"
	"time"
)

type sample struct {
	Name   string   `toml:"name"`
	Wait   Duration `toml:"wait"`
	Tables map[string]struct {
		Limit int `toml:"limit"`
		Match struct {
			Domain []string `toml:"domain"`
		} `toml:"match"`
		Windows []struct {
			Per Duration `toml:"per"`
		} `toml:"window"`
	} `toml:"table"`
	Listen []struct {
		Address string `toml:"address"`
	} `toml:"listen"`
	mistakes []string
}

func (s *sample) Validate() error {
	var errs []error
	for _, key := range s.mistakes {
		errs = append(errs, Errorf(key, "is wrong"))
	}
	return errors.Join(errs...)
}

const document = `name = "x"
wait = "5m"

[[listen]]
address = "a"
[[listen]]
address = "b"

[table.one]
limit = 1
match = { domain = ["d"] }

[[table.one.window]]
per = "1h"
[[table.one.window]]
per = "2h"
`

func TestDecode(t *testing.T) {
	var s sample
	if err := Decode("f.toml", []byte(document), &s); err != nil {
		t.Fatal(err)
	}
	if s.Wait != Duration(5*time.Minute) || s.Listen[1].Address != "b" || len(s.Tables["one"].Windows) != 2 {
		t.Errorf("decoded %+v", s)
	}
}

func TestMistakesAreLocated(t *testing.T) {
	for key, want := range map[string]string{
		"name":                       "f.toml:1: name: is wrong",
		"listen[0].address":          "f.toml:5: listen[0].address: is wrong",
		"listen[1].address":          "f.toml:7: listen[1].address: is wrong",
		"listen[1].mode":             "f.toml:6: listen[1].mode: is wrong",
		"table.one.limit":            "f.toml:10: table.one.limit: is wrong",
		"table.one.match.domain":     "f.toml:11: table.one.match.domain: is wrong",
		"table.one.match.attribute":  "f.toml:11: table.one.match.attribute: is wrong",
		"table.one.window[1].per":    "f.toml:16: table.one.window[1].per: is wrong",
		"table.one.window[0].absent": "f.toml:13: table.one.window[0].absent: is wrong",
		"absent.key":                 "f.toml:1: absent.key: is wrong",
	} {
		err := Decode("f.toml", []byte(document), &sample{mistakes: []string{key}})
		if err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %s", key, err, want)
		}
	}
}

func TestMistakesComeInTheFilesOrder(t *testing.T) {
	err := Decode("f.toml", []byte(document), &sample{mistakes: []string{"table.one.limit", "name"}})
	const want = "f.toml:1: name: is wrong\nf.toml:10: table.one.limit: is wrong"
	if err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
}

func TestDecodeErrors(t *testing.T) {
	for text, want := range map[string]string{
		"name = 1\nsize = 2":         "f.toml:1: name: the value is of type integer; want string",
		"name = \"x\"\nnmae = 2":     "f.toml:2: nmae: unknown key",
		"[table.x]\nlimmit = 2":      "f.toml:2: table.x.limmit: unknown key",
		"name = [1]":                 "f.toml:1: name: the value is of type array; want string",
		"listen = 3":                 "f.toml:1: listen: the value is of type integer; want list",
		"table = 3":                  "f.toml:1: table: the value is of type integer; want table",
		"[table.x]\nlimit = \"1\"":   "f.toml:2: table.x.limit: the value is of type string; want whole number",
		"wait = \"5 minutes\"":       "f.toml:1: wait: \"5 minutes\" is not a duration; write it as in \"5m\" or \"24h\"",
		"name = \"x":                 "f.toml:1: unterminated basic string",
		"name = \"x\"\nname = \"y\"": "f.toml:2: name: key name is already defined",
	} {
		err := Decode("f.toml", []byte(text), &sample{})
		if err == nil || err.Error() != want {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}

func TestUnder(t *testing.T) {
	err := Under("directory", errors.Join(Errorf("ttl", "is wrong"), Errorf("base", "is missing")))
	const want = "directory.ttl: is wrong\ndirectory.base: is missing"
	if err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
	if Under("directory", nil) != nil {
		t.Error("nil became an error")
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(document)
	f.Add("a.b = { c = [1, {d = 2}] }\n[[x.y]]\n[x.y.z]\n")
	f.Fuzz(func(_ *testing.T, text string) {
		_ = Decode("f.toml", []byte(text), &sample{mistakes: []string{"table.one.window[1].per"}})
		var free map[string]any
		if Decode("f.toml", []byte(text), &free) == nil {
			keyLines([]byte(text))
		}
	})
}
