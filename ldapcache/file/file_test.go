package file

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
	"github.com/rcptquota/rcptquota/quota/list"
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
func openSchool(t *testing.T, text string) (*Directory, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "directory.toml")
	writeFile(t, path, text, 0)
	d, err := Open(path, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
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
	owner := []list.Person{{ID: "mdurand", Addresses: []string{"marie.durand@ecollege31.fr"}}}
	moderator := []list.Person{{ID: "pmartin", Addresses: []string{"paul.martin@entmip.fr", "p.martin@entmip.fr"}}}
	for i, want := range []*list.List{
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
	for i, a := range answers {
		if a.Err == nil || a.List != nil {
			t.Errorf("%s, while the file has a mistake: %+v", all[i], a)
		}
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
		{"by a clock that is ahead", maxClockError * 9 / 10, true},
		{"by a clock that is wrong", maxClockError * 11 / 10, false},
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
		t.Errorf("corrected: %+v, %v", s, err)
	}
}

func TestAnAnswerIsNotStaleForEver(t *testing.T) {
	d, path := openSchool(t, school)
	d.staleFor = 0
	writeFile(t, path, "broken", 1)
	if s, err := d.Sender(t.Context(), "mdurand"); err == nil || errors.Is(err, quota.ErrAbsent) {
		t.Errorf("%+v, %v", s, err)
	}
	d.staleFor = time.Hour
	if s, err := d.Sender(t.Context(), "mdurand"); err != nil || s.Stale == nil {
		t.Errorf("within the hour: %+v, %v", s, err)
	}
}

func TestAFileThatMayBeMissing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "directory.toml")
	d, err := OpenIfExists(path, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Sender(t.Context(), "mdurand"); !errors.Is(err, quota.ErrAbsent) {
		t.Errorf("without a file: %v", err)
	}
	writeFile(t, path, "[[sender]]", 0)
	if _, err := OpenIfExists(path, time.Hour); err == nil {
		t.Error("a broken file was opened")
	}
}
