package test_test

import (
	"os/exec"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/rcptquota/rcptquota"

// mayImport tells for each room of the house, a folder with all below it, which
// rooms its packages may import.
var mayImport = map[string][]string{
	"cmd":                       {"cmd", "milter", "ldapcache", "ldapcache/ldap", "ldapcache/roster", "quota"},
	"milter":                    {"milter", "quota"},
	"ldapcache":                 {"ldapcache", "ldapcache/file", "ldapcache/ldap", "ldapcache/roster", "ldapcache/spelling", "quota"},
	"ldapcache/file":            {"ldapcache/roster", "ldapcache/spelling", "quota"},
	"ldapcache/ldap":            {"ldapcache/ldap", "ldapcache/roster", "ldapcache/spelling", "quota"},
	"ldapcache/roster":          {"ldapcache/roster", "quota"},
	"ldapcache/spelling":        {},
	"quota":                     {"quota"},
	"quota/counter/countertest": {"quota", "quota/counter/countertest", "test/random", "test/servers"},
	"test":                      {"milter", "ldapcache", "quota", "test", "test/random", "test/servers"},
	"test/random":               {},
	"test/servers":              {"test/servers"},
}

// testsMayImport are what the tests of every room may import besides.
var testsMayImport = []string{"test/random", "test/servers", "quota/counter/countertest"}

// never tells what no dependency of a package, at any depth, may be: what would
// bring a wire or a directory into the rules, or a test's tools into the program.
var never = map[string][]string{
	"cmd/rcptquota":      {"testing", "go.uber.org/goleak", module + "/test"},
	"milter":             {"github.com/go-ldap/ldap", module + "/ldapcache"},
	"ldapcache":          {"github.com/emersion/go-milter", module + "/milter"},
	"ldapcache/file":     {"github.com/go-ldap/ldap"},
	"ldapcache/roster":   {"github.com/go-ldap/ldap"},
	"ldapcache/spelling": {"github.com/go-ldap/ldap", module + "/quota"},
	"quota":              {"github.com/emersion/go-milter", "github.com/go-ldap/ldap", "crypto/tls", module + "/milter", module + "/ldapcache"},
	"quota/conf":         {"crypto/tls"},
}

func TestImportsPointOneWay(t *testing.T) {
	for _, f := range goFiles(t) {
		from := room(path.Dir(f.path))
		allowed, known := mayImport[from]
		if !known {
			t.Errorf("%s: Go code in no room of the house", f.path)
			continue
		}
		if strings.HasSuffix(f.path, "_test.go") {
			allowed = slices.Concat(allowed, testsMayImport)
		}
		for _, spec := range f.syntax.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			to, ours := strings.CutPrefix(imported, module+"/")
			if ours && !slices.Contains(allowed, room(to)) {
				t.Errorf("%s imports %s; %s may import %s", f.path, to, from, strings.Join(allowed, ", "))
			}
		}
	}
}

// room is the innermost room that a folder belongs to; "." when it is in none.
func room(folder string) string {
	for folder != "." {
		if _, known := mayImport[folder]; known {
			return folder
		}
		folder = path.Dir(folder)
	}
	return folder
}

func TestDependenciesAtAnyDepth(t *testing.T) {
	for pkg, forbidden := range never {
		list := exec.CommandContext(t.Context(), "go", "list", "-deps", module+"/"+pkg)
		list.Stderr = t.Output()
		deps, err := list.Output()
		if err != nil {
			t.Fatalf("%v: %v", list, err)
		}
		for dep := range strings.Lines(string(deps)) {
			dep = strings.TrimSpace(dep)
			for _, root := range forbidden {
				if dep == root || strings.HasPrefix(dep, root+"/") {
					t.Errorf("%s depends on %s", pkg, dep)
				}
			}
		}
	}
}
