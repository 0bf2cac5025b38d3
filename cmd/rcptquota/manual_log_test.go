package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/rcptquota/rcptquota/quota"
)

// What the log's messages and keys mean stands in a comment where they are logged, or
// where the constant is:
//
//	// Message key "class": the sender's class
//
// It is a message record or a message key for the record that each message leaves, and
// a log record or a log key for all others. A postmaster's scripts rely on them: they stay
// as they are, and none is added without a meaning.
var meaningForm = regexp.MustCompile(`(?m)^((?:Message|Log) (?:record|key)) "([^"]+)": `)

// logMeanings has, for each kind of word, a row for each word and what it means.
func logMeanings(t *testing.T) map[string][][2]string {
	t.Helper()
	meanings := map[string][][2]string{}
	seen := map[string]bool{}
	for _, file := range productionFiles(t) {
		for _, comment := range file.Comments {
			text := comment.Text()
			places := append(meaningForm.FindAllStringSubmatchIndex(text, -1), []int{len(text)})
			for i, at := range places[:len(places)-1] {
				kind, word := text[at[2]:at[3]], text[at[4]:at[5]]
				if seen[word] {
					t.Errorf("%q is explained twice", word)
				}
				seen[word] = true
				meaning := strings.Join(strings.Fields(text[at[1]:places[i+1][0]]), " ")
				meanings[kind] = append(meanings[kind], [2]string{word, meaning})
			}
		}
	}
	return meanings
}

// levels are the methods of a logger that write.
var levels = regexp.MustCompile(`^(Debug|Info|Warn|Error|Log|LogAttrs)$`)

// TestTheManualKnowsTheLog compares the meanings with the code: what they explain is in
// it, and each message and each key that is logged there is explained.
func TestTheManualKnowsTheLog(t *testing.T) {
	known := map[string]string{}
	for _, rows := range logMeanings(t) {
		for _, row := range rows {
			known[row[0]] = row[1]
		}
	}
	for r := quota.NoReason + 1; r.String() != "unknown"; r++ {
		if !strings.Contains(known["reason"], "`"+r.String()+"`") {
			t.Errorf("the manual's reasons lack %s", r)
		}
	}
	written := map[string]bool{}
	for _, file := range productionFiles(t) {
		ast.Inspect(file, func(n ast.Node) bool {
			if lit, ok := n.(*ast.BasicLit); ok {
				written[literal(lit)] = true
			}
			for _, word := range loggedWords(n) {
				if known[word] == "" {
					t.Errorf("%q is logged, and no comment says what it means; write // Log record %[1]q: … or // Log key %[1]q: … there", word)
				}
			}
			return true
		})
	}
	for word := range known {
		if !written[word] {
			t.Errorf("a comment explains %q, which is not in the code", word)
		}
	}
}

// TestWhatIsLogged: the words of every way in which the code logs are found.
func TestWhatIsLogged(t *testing.T) {
	for code, want := range map[string]string{
		`log.Info("a", "b", c)`:                     "a b",
		`s.server.log.Log(ctx, level, "a", "b", c)`: "a b",
		`k.log.Warn(msgA, "b", c, "d", e)`:          "b d",
		`slog.Int("a", 1)`:                          "a",
		`a.text("b", c)`:                            "b",
		`a.flag("b", c)`:                            "b",
		`append(attrs, "b", c)`:                     "b",
		`[]any{"a", b, "c", "d"}`:                   "a c",
		`fmt.Errorf("a", "b")`:                      "",
	} {
		expr, err := parser.ParseExpr(code)
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(loggedWords(expr), " "); got != want {
			t.Errorf("%s: %q, want %q", code, got, want)
		}
	}
}

// loggedWords returns the words for the log that are written out in a node: the message
// and the keys of a call of a logger, the keys of a record that is put together, and a
// message that is a constant.
func loggedWords(n ast.Node) []string {
	switch n := n.(type) {
	case *ast.ValueSpec:
		if strings.HasPrefix(n.Names[0].Name, "msg") {
			return literals(n.Values)
		}
	case *ast.CompositeLit:
		if array, ok := n.Type.(*ast.ArrayType); ok && isNamed(array.Elt, "any") {
			return everySecond(n.Elts)
		}
	case *ast.CallExpr:
		return wordsOfCall(n)
	}
	return nil
}

func wordsOfCall(call *ast.CallExpr) []string {
	args := call.Args
	switch f := call.Fun.(type) {
	case *ast.Ident:
		if f.Name == "append" && isNamed(args[0], "attrs") {
			return everySecond(args[1:])
		}
	case *ast.SelectorExpr:
		switch {
		case isNamed(f.X, "slog") && len(args) == 2, isNamed(f.X, "a") && (f.Sel.Name == "text" || f.Sel.Name == "flag"):
			return literals(args[:1])
		case levels.MatchString(f.Sel.Name) && isLogger(f.X):
			if strings.HasPrefix(f.Sel.Name, "Log") && len(args) > 2 {
				args = args[2:] // after the context and the level
			}
			return append(literals(args[:1]), everySecond(args[1:])...)
		}
	}
	return nil
}

// everySecond returns the literals among keys that alternate with values.
func everySecond(all []ast.Expr) []string {
	var words []string
	for i := 0; i < len(all); i += 2 {
		words = append(words, literals(all[i:i+1])...)
	}
	return words
}

func isNamed(x ast.Expr, name string) bool {
	ident, ok := x.(*ast.Ident)
	return ok && ident.Name == name
}

// isLogger goes by the name: log, s.log, s.server.log.
func isLogger(x ast.Expr) bool {
	switch x := x.(type) {
	case *ast.Ident:
		return x.Name == "log"
	case *ast.SelectorExpr:
		return x.Sel.Name == "log"
	}
	return false
}

func literals(all []ast.Expr) []string {
	var words []string
	for _, x := range all {
		if lit, ok := x.(*ast.BasicLit); ok && lit.Kind == token.STRING {
			words = append(words, literal(lit))
		}
	}
	return words
}

// literal is the value of a literal string; empty for another literal.
func literal(lit *ast.BasicLit) string {
	text, err := strconv.Unquote(lit.Value)
	if err != nil || lit.Kind != token.STRING {
		return ""
	}
	return text
}

// productionFiles are the project's Go files, tests and their helpers aside.
func productionFiles(t *testing.T) []*ast.File {
	t.Helper()
	var files []*ast.File
	root := os.DirFS("../..")
	err := fs.WalkDir(root, ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && (strings.HasSuffix(name, "test") || entry.Name() == "testdata" || strings.HasPrefix(entry.Name(), ".") && name != "."):
			return fs.SkipDir
		case entry.IsDir() || path.Ext(name) != ".go" || strings.HasSuffix(name, "_test.go"):
			return nil
		}
		text, err := fs.ReadFile(root, name)
		if err != nil {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, text, parser.ParseComments)
		files = append(files, file)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}
