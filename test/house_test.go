package test_test

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"testing"
)

// The house's laws: each test is one sentence of the project's design, and
// fails with the place that breaks it.

// house is the module's tree.
var house = os.DirFS("..")

// folders are those at the top of the house, dot-folders and bin aside.
var folders = []string{"cmd", "deploy", "ldapcache", "milter", "quota", "test"}

// maxFileLines is the longest that a Go file may be; one of 250 is long.
const maxFileLines = 400

func TestNoOtherFolderAtTheTop(t *testing.T) {
	entries, err := fs.ReadDir(house, ".")
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		name := entry.Name()
		if entry.IsDir() && name != "bin" && !strings.HasPrefix(name, ".") && !slices.Contains(folders, name) {
			t.Errorf("%s/: the folders at the top are %s", name, strings.Join(folders, ", "))
		}
	}
}

func TestEveryPackageOpensWithItsDoc(t *testing.T) {
	documented := map[string]bool{}
	for _, f := range goFiles(t) {
		dir, name := path.Split(f.path)
		documented[dir] = documented[dir] || name == "doc.go" && f.syntax.Doc != nil
	}
	for dir, ok := range documented {
		if !ok {
			t.Errorf("%sdoc.go: missing, or without a package comment", dir)
		}
	}
}

func TestNoGoFileIsTooLong(t *testing.T) {
	for _, f := range goFiles(t) {
		if f.lines > maxFileLines {
			t.Errorf("%s: %d lines, at most %d; one idea a file", f.path, f.lines, maxFileLines)
		}
	}
}

// goFile is a Go file of ours, whatever its build constraints, read as far as
// its imports.
type goFile struct {
	path   string // from the house's root, with slashes
	lines  int
	syntax *ast.File
}

func goFiles(t *testing.T) []goFile {
	t.Helper()
	var files []goFile
	err := fs.WalkDir(house, ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && name != "." && (strings.HasPrefix(entry.Name(), ".") || entry.Name() == "testdata"):
			return fs.SkipDir
		case entry.IsDir() || path.Ext(name) != ".go":
			return nil
		}
		text, err := fs.ReadFile(house, name)
		if err != nil {
			return err
		}
		syntax, err := parser.ParseFile(token.NewFileSet(), name, text, parser.ImportsOnly|parser.ParseComments)
		files = append(files, goFile{path: name, lines: bytes.Count(text, []byte("\n")), syntax: syntax})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}
