package conf

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pelletier/go-toml/v2"
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
		Address    string              `toml:"address"`
		Attributes map[string][]string `toml:"attributes"`
	} `toml:"listen"`
	Free     map[string]string `toml:"free"`
	mistakes []string
}

func (s *sample) Validate() error {
	var errs []error
	for _, key := range s.mistakes {
		errs = append(errs, Errorf(key, "is wrong"))
	}
	return errors.Join(errs...)
}

const sampleText = `name = "x"
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
	if err := Decode("f.toml", []byte(sampleText), &s); err != nil {
		t.Fatal(err)
	}
	if s.Wait.Duration != 5*time.Minute || s.Listen[1].Address != "b" || len(s.Tables["one"].Windows) != 2 {
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
		err := Decode("f.toml", []byte(sampleText), &sample{mistakes: []string{key}})
		if err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %s", key, err, want)
		}
	}
}

func TestLocate(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f.toml")
	if err := os.WriteFile(path, []byte(sampleText), 0o600); err != nil {
		t.Fatal(err)
	}
	err := Locate(path, errors.Join(Errorf("table.one.limit", "is wrong"), errors.New("no mistake of a key"), Errorf("name", "is wrong")))
	if want := strings.ReplaceAll("f: no mistake of a key\nf:1: name: is wrong\nf:10: table.one.limit: is wrong", "f:", path+":"); err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
	if err := Locate(path, nil); err != nil {
		t.Error(err)
	}
	if err := Locate(path+"x", Errorf("name", "is wrong")); err == nil || !strings.Contains(err.Error(), "name: is wrong\n") {
		t.Errorf("of a file that has gone: %v", err)
	}
}

func TestLinesAfterASubTable(t *testing.T) {
	const text = `[[listen]]
address = "a"
[listen.attributes]
x = ["1"]

[[listen]]
[listen.attributes]
[[listen]]
address = "b"
`
	for key, want := range map[string]string{
		"listen[0].role":         "f.toml:1: ",
		"listen[0].attributes.x": "f.toml:4: ",
		"listen[1].address":      "f.toml:6: ",
		"listen[1].attributes.x": "f.toml:7: ",
		"listen[2].attributes":   "f.toml:8: ",
		"listen[2].address":      "f.toml:9: ",
		"listen":                 "f.toml:1: ",
	} {
		err := Decode("f.toml", []byte(text), &sample{mistakes: []string{key}})
		if err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: %v, want %s", key, err, want)
		}
	}
}

func TestMistakesComeInTheFilesOrder(t *testing.T) {
	err := Decode("f.toml", []byte(sampleText), &sample{mistakes: []string{"table.one.limit", "name"}})
	const want = "f.toml:1: name: is wrong\nf.toml:10: table.one.limit: is wrong"
	if err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
}

func TestDecodeErrors(t *testing.T) {
	for text, want := range map[string]string{
		"name = 1":               "f.toml:1: name: the value is of type integer; want string",
		"name = 2020-01-31":      "f.toml:1: name: the value is of type local date; want string",
		"name = \"x\"\nnmae = 2": "f.toml:2: nmae: unknown key; did you mean \"name\"?",
		"name = [1]":             "f.toml:1: name: the value is of type array; want string",
		"listen = 3":             "f.toml:1: listen: the value is of type integer; want tables, [[listen]]",
		"listen = ['a']":         "f.toml:1: listen: the value is of type list of no tables; want tables, [[listen]]",
		"[listen]":               "f.toml:1: listen: the value is of type table; want tables, [[listen]]",
		"[[free]]":               "f.toml:1: free: the value is of type array of tables; want table",
		"[name.x]":               "f.toml:1: name: the value is of type table; want string",
		"[table.x]\nmatch = { domain = [\n'd', 3] }": "f.toml:3: table.x.match.domain: the value is of type integer; want string",
		"table = 3":                  "f.toml:1: table: the value is of type integer; want table",
		"table.x = 07:32:00":         "f.toml:1: table.x: the value is of type local time; want table",
		"[table.x]\nlimit = \"1\"":   "f.toml:2: table.x.limit: the value is of type string; want whole number",
		"[name]":                     "f.toml:1: name: the value is of type table; want string",
		"wait = { seconds = 2 }":     `f.toml:1: wait: the value is of type inline table; want duration, as in "5m"`,
		"name = \"x":                 "f.toml:1: unterminated basic string",
		"name = \"x\"\nname = \"y\"": "f.toml:2: name: key name is already defined",
		"free = { x = 1 }":           "f.toml:1: free.x: the value is of type integer; want string",

		"[table.x]\nlimmit = 2":                      "f.toml:2: table.x.limmit: unknown key; did you mean \"limit\"?",
		"[table.x]\nmatch = { domains = [\"d\"] }":   "f.toml:2: table.x.match.domains: unknown key; did you mean \"domain\"?",
		"[table.x]\nmatch.domains = [\"d\"]":         "f.toml:2: table.x.match.domains: unknown key; did you mean \"domain\"?",
		"[[listen]]\n[[listen]]\n\"adress\" = \"a\"": "f.toml:3: listen[1].adress: unknown key; did you mean \"address\"?",
		"listen = [\n{}, {\nadress = \"a\" } ]":      "f.toml:3: listen[1].adress: unknown key; did you mean \"address\"?",
		"[tables]\nx = 1":                            "f.toml:1: tables: unknown key; did you mean \"table\"?",
	} {
		err := Decode("f.toml", []byte(text), &sample{})
		if err == nil || err.Error() != want {
			t.Errorf("%q:\n got %v\nwant %s", text, err, want)
		}
	}
}

func TestWhatMayBeMeant(t *testing.T) {
	type table struct {
		Domains   []string `toml:"domains"`
		PerDomain []struct {
			Name   string `toml:"name"`
			Weight string `toml:"weight"`
		} `toml:"domain"`
		Weight string `toml:"weight"`
	}
	type file struct {
		Lists table            `toml:"lists"`
		Class map[string]table `toml:"class"`
		TTL   Duration         `toml:"ttl"`
	}
	for text, want := range map[string]string{
		"[list]":                         `list: unknown key; did you mean "lists"?`,
		"[lists]\nwieght = 'one'":        `lists.wieght: unknown key; did you mean "weight"?`,
		"[lists]\nWEIGHTS = 'one'":       `lists.WEIGHTS: unknown key; did you mean "weight"?`,
		"[lists]\nname = 'x'":            `lists.name: unknown key; it is a key of [[class.NAME.domain]] and [[lists.domain]]`,
		"[lists]\nttl = '1h'":            `lists.ttl: unknown key; it is a key of the top of the file`,
		"[lists]\nwindow = 1":            `lists.window: unknown key`,
		"[lists]\nhours = 1":             `lists.hours: unknown key`,
		"t = 1":                          `t: unknown key`,
		"[lists]\ndomain = ['a', 'b']":   `lists.domain: the value is of type list of no tables; want tables, [[lists.domain]]; did you mean "domains"?`,
		"[lists]\ndomain = 'a'":          `lists.domain: the value is of type string; want tables, [[lists.domain]]`,
		"[[lists.domains]]\nname = 'a'":  `lists.domains: the value is of type array of tables; want list; did you mean "domain"?`,
		"[class.x]\n[lists.domains.x]":   `lists.domains: the value is of type table; want list`,
		"[class.x]\n[class.x.domain]":    `class.x.domain: the value is of type table; want tables, [[class.x.domain]]`,
		"[class.x]\ndomains = [{n = 1}]": `class.x.domains: the value is of type inline table; want string`,
	} {
		err := Decode("f.toml", []byte(text), &file{})
		if line, told, _ := strings.Cut(fmt.Sprint(err), ": "); told != want || !strings.HasPrefix(line, "f.toml:") {
			t.Errorf("%q:\n got %v\nwant %s", text, err, want)
		}
	}
}

func TestADurationHasAUnit(t *testing.T) {
	for value, want := range map[string]string{
		"2":            `2 has no unit; write it as in "2s"`,
		"-2":           `-2 has no unit; write it as in "-2s"`,
		"1.5":          `1.5 has no unit; write it as in "1.5s"`,
		`"300"`:        `300 has no unit; write it as in "300s"`,
		`"5 minutes"`:  `"5 minutes" is not a duration; write it as in "5m" or "24h"`,
		`"\u0035 min"`: `"5 min" is not a duration; write it as in "5m" or "24h"`,
		`""`:           `"" is not a duration; write it as in "5m" or "24h"`,
		"nan":          `"nan" is not a duration; write it as in "5m" or "24h"`,
		"0x1F":         `"0x1F" is not a duration; write it as in "5m" or "24h"`,
		"true":         `"true" is not a duration; write it as in "5m" or "24h"`,
		"2020-01-31":   `the value is of type local date; want duration, as in "5m"`,
		"07:32:00":     `the value is of type local time; want duration, as in "5m"`,
		`["5m"]`:       `the value is of type array; want duration, as in "5m"`,
	} {
		for key, before := range map[string]string{
			"wait":                    "\nwait = ",
			"table.one.window[1].per": "[[table.one.window]]\n[[table.one.window]]\nper = ",
		} {
			want := fmt.Sprintf("f.toml:%d: %s: %s", strings.Count(before, "\n")+1, key, want)
			err := Decode("f.toml", []byte(before+value), &sample{})
			if err == nil || err.Error() != want {
				t.Errorf("%s = %s:\n got %v\nwant %s", key, value, err, want)
			}
		}
	}
}

func TestAllMistakesAreToldAtOnce(t *testing.T) {
	const text = `nmae = "x"
wait = 2
name = [
  1,
]
listen = [ { adress = "a" }, { address = 3 } ]
[table.one]
match = { domains = [] }
limit = "many"
[[table.one.window]]
per = 1.5
`
	const types = `f.toml:1: nmae: unknown key; did you mean "name"?
f.toml:2: wait: 2 has no unit; write it as in "2s"
f.toml:3: name: the value is of type array; want string
f.toml:6: listen[0].adress: unknown key; did you mean "address"?
f.toml:6: listen[1].address: the value is of type integer; want string
f.toml:8: table.one.match.domains: unknown key; did you mean "domain"?
f.toml:9: table.one.limit: the value is of type string; want whole number
f.toml:11: table.one.window[0].per: 1.5 has no unit; write it as in "1.5s"`
	if err := Decode("f.toml", []byte(text), &sample{mistakes: []string{"name"}}); err == nil || err.Error() != types {
		t.Errorf("got\n%v\nwant\n%s", err, types)
	}
	const unknown = "f.toml:1: nmae: unknown key; did you mean \"name\"?\nf.toml:2: name: is wrong"
	err := Decode("f.toml", []byte("nmae = 1\nname = \"x\""), &sample{mistakes: []string{"name"}})
	if err == nil || err.Error() != unknown {
		t.Errorf("got\n%v\nwant\n%s", err, unknown)
	}
	many := Decode("f.toml", []byte(strings.Repeat("[[listen]]\naddress = 3\n", 100)), &sample{})
	if n := strings.Count(fmt.Sprint(many), "\n") + 1; n != 100 {
		t.Errorf("told %d mistakes, want all", n)
	}
}

// paths is a part that names files.
type paths struct {
	File    string `toml:"file"`
	checked string
}

func (p *paths) Resolve(dir string) { p.File = dir + "/" + p.File }

func (p *paths) Validate() error {
	p.checked = p.File
	return nil
}

func TestPathsAreResolvedBeforeTheyAreChecked(t *testing.T) {
	var p paths
	if err := Decode("/etc/rcptquota/f.toml", []byte("file = 'x'"), &p); err != nil || p.checked != "/etc/rcptquota/x" {
		t.Errorf("checked %q, %v", p.checked, err)
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

// What the TOML library takes is taken, and what it does not take is told without
// naming our Go types. Only tables for a duration are known better here.
func FuzzDecode(f *testing.F) {
	f.Add(sampleText)
	f.Add("a.b = { c = [1, {d = 2}] }\n[[x.y]]\n[x.y.z]\n")
	f.Add("wait = 2\nname = [1]\n[table.x]\nlimit = 1\nlimit = 2\n")
	f.Add("listen.address = 'a'\n[[table.x.window]]\nper = true\n[free.x]\n")
	f.Fuzz(func(t *testing.T, text string) {
		err := Decode("f.toml", []byte(text), new(sample))
		library := toml.NewDecoder(strings.NewReader(text)).DisallowUnknownFields().Decode(new(sample))
		if told := fmt.Sprint(err); (err == nil) != (library == nil) && !strings.Contains(told, "want duration") || strings.Contains(told, "cannot decode") {
			t.Errorf("%v; the library: %v", err, library)
		}
		_ = Decode("f.toml", []byte(text), &sample{mistakes: []string{"table.one.window[1].per"}})
		if err := Decode("f.toml", []byte(text), new(map[string]any)); (err == nil) != (toml.Unmarshal([]byte(text), new(map[string]any)) == nil) {
			t.Error(err)
		}
	})
}

func TestDurationText(t *testing.T) {
	for d, want := range map[time.Duration]string{
		time.Hour: "1h", 24 * time.Hour: "24h", 90 * time.Minute: "1h30m", 10 * time.Second: "10s",
		20 * time.Minute: "20m", 610 * time.Second: "10m10s", 3610 * time.Second: "1h0m10s",
	} {
		text, err := Duration{Duration: d}.MarshalText()
		if string(text) != want || err != nil {
			t.Errorf("%v is written %s, %v", d, text, err)
		}
	}
}
