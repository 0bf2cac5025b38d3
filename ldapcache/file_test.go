package ldapcache

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rcptquota/rcptquota/ldapcache/roster"
	"github.com/rcptquota/rcptquota/quota"
	"github.com/rcptquota/rcptquota/quota/conf"
)

const school = `[[sender]]
login = "MDurand"
addresses = ["Marie.Durand@ecollege31.fr"]
establishment = "0310001A"
attributes = { ENTPersonProfils = ["National_ENS"] }

[[sender]]
login = "pmartin"
addresses = ["paul.martin@entmip.fr", "p.martin@entmip.fr"]
establishment = "0310002b"

[[establishment]]
uai = "0310002B"
reference = "0310003C"

[[premium]]
establishment = "0310003C"
logins = ["PMartin"]

[[list]]
address = "parents-6b@listes.ac-test.fr"
owners = ["mdurand"]
moderators = ["pmartin"]
members = 28
`

// writeFile writes a directory file whose change dates back an hour, less the
// number of changes: so that it has settled, and differs from the one before.
func writeFile(t *testing.T, path, text string, change int) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	at := time.Now().Add(-time.Hour + time.Duration(change)*time.Second)
	if err := os.Chtimes(path, at, at); err != nil {
		t.Fatal(err)
	}
}

// openSchool opens a directory in a file, and returns the file's path.
func openSchool(t *testing.T, text string) (Directory, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "directory.toml")
	writeFile(t, path, text, 0)
	config := DefaultConfig()
	config.File = path
	d, err := Open(config, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	return d, path
}

func TestSendersOfAFile(t *testing.T) {
	d, _ := openSchool(t, school)
	for login, want := range map[string]quota.Sender{
		"mdurand": {
			ID:            "mdurand",
			Addresses:     []string{"marie.durand@ecollege31.fr"},
			Establishment: "0310001A",
			Attributes:    map[string][]string{"entpersonprofils": {"National_ENS"}},
		},
		"PMARTIN": {
			ID:            "pmartin",
			Addresses:     []string{"paul.martin@entmip.fr", "p.martin@entmip.fr"},
			Establishment: "0310002B",
		},
	} {
		if got, err := d.Sender(t.Context(), login); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v, %v; want %+v", login, got, err, want)
		}
	}
	for _, login := range []string{"nobody", "", "mdurand\x00"} {
		if _, err := d.Sender(t.Context(), login); !errors.Is(err, quota.ErrAbsent) {
			t.Errorf("%q: %v", login, err)
		}
	}
}

func TestDesignationsOfAFile(t *testing.T) {
	d, path := openSchool(t, school)
	expect := func(want ...roster.Designation) {
		t.Helper()
		if all, unresolved, err := d.Designations(t.Context()); err != nil || len(unresolved) > 0 || !slices.Equal(all, want) {
			t.Errorf("%+v, %q, %v; want %+v", all, unresolved, err, want)
		}
	}
	expect(roster.Designation{Establishment: "0310003C", Sender: "pmartin", Login: "pmartin"})
	// Of a school that shares the site of another, under that one; a UAI is a UAI
	// however it is written.
	writeFile(t, path, strings.NewReplacer(`establishment = "0310003C"`, `establishment = "{UAI}0310002b"`, "reference = \"0310003C", "reference = \"0310003c").Replace(school), 1)
	expect(roster.Designation{Establishment: "0310003C", Sender: "pmartin", Login: "pmartin"})
	before, _, _ := strings.Cut(school, "[[premium]]")
	writeFile(t, path, before, 2)
	expect()
	writeFile(t, path, "[[sender]]", 3)
	if _, _, err := d.Designations(t.Context()); err == nil || !strings.Contains(err.Error(), path+":1: sender[0].login") {
		t.Errorf("of a broken file: %v", err)
	}
}

// TestFileBeyondASCII: domains are the same in U-labels and in A-labels, and names
// of lists are folded as Postfix folds recipients.
func TestFileBeyondASCII(t *testing.T) {
	d, _ := openSchool(t, "[[sender]]\nlogin = \"jean\"\naddresses = [\"Jean@Lycée.fr\"]\n"+
		"[[list]]\naddress = \"parents@lycée.fr\"\nowners = [\"jean\"]\n[[list]]\naddress = \"\ufb05aff@l.fr\"\nowners = [\"jean\"]\n")
	sender, err := d.Sender(t.Context(), "jean")
	if err != nil || !slices.Equal(sender.Addresses, []string{"jean@xn--lyce-dpa.fr"}) {
		t.Errorf("%+v, %v", sender, err)
	}
	for _, a := range d.Lists(t.Context(), []string{"parents@xn--lyce-dpa.fr", "staff@l.fr"}) {
		if a.List == nil || len(a.List.Owners) != 1 {
			t.Errorf("%+v", a)
		}
	}
}

func TestListsOfAFile(t *testing.T) {
	d, path := openSchool(t, school+"[[list]]\naddress = \"Owned@Listes.test\"\n"+
		"owners = [\"MDurand\"]\n")
	all := []string{"parents-6b@listes.ac-test.fr", "owned@listes.test", "nobody@listes.test"}
	answers := d.Lists(t.Context(), all)
	owner := []quota.Person{{ID: "mdurand", Addresses: []string{"marie.durand@ecollege31.fr"}}}
	moderator := []quota.Person{{ID: "pmartin", Addresses: []string{"paul.martin@entmip.fr", "p.martin@entmip.fr"}}}
	for i, want := range []*quota.List{
		{Owners: owner, Moderators: moderator, Moderated: true, Members: 28},
		{Owners: owner},
		nil,
	} {
		if got := answers[i]; got.Err != nil || !reflect.DeepEqual(got.List, want) {
			t.Errorf("%s: %+v %v; want %+v", all[i], got.List, got.Err, want)
		}
	}
	writeFile(t, path, "broken", 1) // who manages a list may have changed, and there may be more
	answers = d.Lists(t.Context(), all)
	if answers[0].List.Stale == nil || answers[2].Err == nil {
		t.Errorf("while the file has a mistake: %+v", answers)
	}
}

func TestAChangedFileIsReadAgain(t *testing.T) {
	d, path := openSchool(t, school)
	writeFile(t, path, strings.Replace(school, "0310001A", "0310009Z", 1), 1)
	if s, err := d.Sender(t.Context(), "mdurand"); err != nil || s.Establishment != "0310009Z" || s.Stale != nil {
		t.Errorf("changed: %+v, %v", s, err)
	}
	replacement := path + ".new"
	writeFile(t, replacement, "", 1)
	if err := os.Rename(replacement, path); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Sender(t.Context(), "mdurand"); !errors.Is(err, quota.ErrAbsent) {
		t.Errorf("replaced by an empty file: %v", err)
	}
}

func TestAFileBeingWrittenIsLeftAlone(t *testing.T) {
	d, path := openSchool(t, school)
	for _, c := range []struct {
		name  string
		ahead time.Duration // of the change, against now
		known bool          // as before
	}{
		{"just now", 0, true},
		{"a while ago", -settling * 8 / 10, true},
		{"by a clock that is ahead", maxAhead * 9 / 10, true},
		{"by a clock that is wrong", maxAhead * 11 / 10, false},
	} {
		writeFile(t, path, school, len(c.name))
		if s, err := d.Sender(t.Context(), "mdurand"); err != nil || s.Stale != nil {
			t.Fatalf("%s: %+v, %v", c.name, s, err)
		}
		if err := os.WriteFile(path, nil, 0o600); err != nil { // what a writer begins with
			t.Fatal(err)
		}
		at := time.Now().Add(c.ahead)
		if err := os.Chtimes(path, at, at); err != nil {
			t.Fatal(err)
		}
		switch s, err := d.Sender(t.Context(), "mdurand"); {
		case c.known && (err != nil || s.Establishment != "0310001A" || s.Stale != nil):
			t.Errorf("emptied %s: %+v, %v", c.name, s, err)
		case !c.known && !errors.Is(err, quota.ErrAbsent):
			t.Errorf("emptied %s: %+v, %v", c.name, s, err)
		}
	}
	at := time.Now().Add(-settling)
	if err := os.Chtimes(path, at, at); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Sender(t.Context(), "mdurand"); !errors.Is(err, quota.ErrAbsent) {
		t.Errorf("when it has settled: %v", err)
	}
}

func TestAFileThatChangedWhileItWasReadHasNotSettled(t *testing.T) {
	path := filepath.Join(t.TempDir(), "d.toml")
	look := func(text string, change int) fs.FileInfo {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		at := time.Unix(int64(change), 0)
		if err := os.Chtimes(path, at, at); err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		return info
	}
	first := look("a", 0)
	for what, c := range map[string]struct {
		text   string
		change int
		same   bool
	}{"nothing": {"a", 0, true}, "its time": {"a", 1, false}, "its size": {"ab", 0, false}} {
		if same := unchanged(first, look(c.text, c.change)); same != c.same {
			t.Errorf("%s changed: unchanged is %v", what, same)
		}
	}
	if err := os.Rename(path, path+".old"); err != nil {
		t.Fatal(err)
	}
	if unchanged(first, look("a", 0)) {
		t.Error("another file is the same")
	}
}

func TestABrokenFileKeepsTheLastGoodContent(t *testing.T) {
	d, path := openSchool(t, school)
	broken := func(want string) {
		t.Helper()
		s, err := d.Sender(t.Context(), "mdurand")
		if err != nil || s.Establishment != "0310001A" || s.Stale == nil || !strings.Contains(s.Stale.Error(), want) {
			t.Errorf("known: %+v, %v; want %s", s, err, want)
		}
		if _, err := d.Sender(t.Context(), "nobody"); err == nil || errors.Is(err, quota.ErrAbsent) || !strings.Contains(err.Error(), want) {
			t.Errorf("unknown: %v; want %s", err, want)
		}
	}
	writeFile(t, path, school+"[[sender]]\nlogin = 3\n", 1)
	broken(path + ":26: sender[2].login: the value is of type")
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	broken("no such file")
	broken("no such file")
	writeFile(t, path, school, 2)
	if s, err := d.Sender(t.Context(), "mdurand"); err != nil || s.Stale != nil {
		t.Errorf("mended: %+v, %v", s, err)
	}
}

func TestOnlyTheDefaultFileMayBeMissing(t *testing.T) {
	config := DefaultConfig()
	config.Resolve(t.TempDir())
	d, err := Open(config, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Sender(t.Context(), "mdurand"); !errors.Is(err, quota.ErrAbsent) {
		t.Errorf("without a file: %v", err)
	}
	writeFile(t, filepath.Join(config.dir, defaultFile), school, 0)
	if _, err := d.Sender(t.Context(), "mdurand"); err != nil {
		t.Errorf("when the file has come: %v", err)
	}

	config.File = filepath.Join(config.dir, "other.toml")
	if _, err := Open(config, nil); err == nil || !strings.Contains(err.Error(), "directory.file: open "+config.File) {
		t.Errorf("a named file that is missing: %v", err)
	}
	writeFile(t, config.File, "[[sender]]", 0)
	if _, err := Open(config, nil); err == nil {
		t.Error("a broken file was opened")
	}
}

func TestMistakesInAFile(t *testing.T) {
	const sender = "[[sender]]\nlogin = 'a'\n"
	for text, want := range map[string]string{
		"[[sender]]\naddresses = ['a@b']":                "f:1: sender[0].login: missing",
		"[[sender]]\nlogin = ''":                         "f:2: sender[0].login: missing",
		sender + "[[sender]]\nlogin = 'A'":               `f:4: sender[1].login: "A" is in the file already`,
		sender + "addresses = ['a']":                     `f:3: sender[0].addresses: "a" is not an address`,
		sender + "addresses = ['@b']":                    `f:3: sender[0].addresses: "@b" is not an address`,
		sender + "addresses = ['A <a@b>']":               `f:3: sender[0].addresses: "A <a@b>" is not an address`,
		sender + "attributes = { x = ['1'], X = ['2'] }": "f:3: sender[0].attributes: ",
		sender + "adresses = ['a@b']":                    "f:3: sender[0].adresses: unknown key",
		"[[establishment]]\nuai = 'x'":                   "f:1: establishment[0].reference: missing",
		"[[establishment]]\nreference = 'x'":             "f:1: establishment[0].uai: missing",
		"[[establishment]]\nuai='x'\nreference='y'\n[[establishment]]\nuai='X'\nreference='z'":                    `f:5: establishment[1].uai: "X" is in`,
		"[[establishment]]\nuai='0310002b'\nreference='y'\n[[establishment]]\nuai='{UAI}0310002B'\nreference='z'": `f:5: establishment[1].uai: "0310002B" is in`,
		sender + "[[premium]]\nestablishment = ' '\nlogins = ['a']":                                               "f:4: premium[0].establishment: missing",
		sender + "[[premium]]\nlogins = ['a']":                                                                    "f:3: premium[0].establishment: missing",
		sender + "[[premium]]\nestablishment = 'x'":                                                               "f:3: premium[0].logins: missing",
		sender + "[[premium]]\nestablishment = 'x'\nlogins = ['b']":                                               `f:5: premium[0].logins: no [[sender]] has the login "b"`,
		"[[list]]\nmembers = 3":                                       `f:1: list[0].address: "" is not an address`,
		"[[list]]\naddress = 'l@t'\nmembers = -1":                     "f:3: list[0].members: -1 is not",
		"[[list]]\naddress = 'l@t'\n[[list]]\naddress = 'L@t'":        `f:4: list[1].address: "L@t" is in`,
		sender + "[[list]]\naddress = 'l@t'\nowners = ['b']":          `f:5: list[0].owners: no [[sender]] has the login "b"`,
		sender + "[[list]]\naddress = 'l@t'\nmoderators = ['a', 'b']": `f:5: list[0].moderators: no [[sender]] has the login "b"`,
	} {
		err := conf.Decode("f", []byte(text), &document{})
		if err == nil || !strings.HasPrefix(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%q:\n got %v\nwant %s", text, err, want)
		}
	}
}

func FuzzDocument(f *testing.F) {
	f.Add(school)
	f.Add("[[sender]]\nlogin='a'\n[[premium]]\nestablishment='x'\nlogins=['A','a']")
	f.Fuzz(func(t *testing.T, text string) {
		var doc document
		if conf.Decode("f", []byte(text), &doc) != nil {
			return
		}
		senders := doc.senders()
		if len(senders) != len(doc.Senders) {
			t.Errorf("%d senders became %d", len(doc.Senders), len(senders))
		}
		for login, sender := range senders {
			if key, ok := normalise(login); !ok || key != login || sender.Stale != nil {
				t.Errorf("%q: %+v", login, sender)
			}
		}
	})
}
