package main

import (
	"cmp"
	"encoding"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/rcptquota/rcptquota/cmd/rcptquota/config"
)

// keysWriter writes the reference of the configuration's keys. A key's meaning is the
// comment of its field; what it says after "Left out:" is the default of a key whose
// field is zero by default.
type keysWriter struct {
	*testing.T
	comments map[string]map[string]string // by "package path.Type", then by field
	// explained are the keys of embedded structs that were written.
	explained map[reflect.Type][]string
	text      strings.Builder
}

// key is one key of a table.
type key struct {
	name, comment string
	value         reflect.Value
}

func configurationKeys(t *testing.T) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "empty.toml")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	defaults, err := config.Load(file)
	if err != nil {
		t.Fatal(err)
	}
	w := &keysWriter{T: t, comments: map[string]map[string]string{}, explained: map[reflect.Type][]string{}}
	w.table("", "", reflect.ValueOf(*defaults))
	return w.text.String()
}

// table writes the keys of one table, and then the tables in it.
func (w *keysWriter) table(path, comment string, v reflect.Value) {
	title := "`" + path + "`"
	if path == "" {
		title = "At the top of the file"
	}
	fmt.Fprintf(&w.text, "\n### %s\n\n", title)
	if comment != "" {
		fmt.Fprintf(&w.text, "%s\n\n", comment)
	}
	w.text.WriteString("| key | default | meaning |\n|---|---|---|\n")
	name := strings.Trim(path, "[]")
	var inner []func()
	for _, k := range w.keys(v) {
		elem, below := tableOf(k, name)
		if elem.IsValid() {
			inner = append(inner, func() { w.table(below, k.comment, elem) })
		} else {
			w.row("", k)
		}
	}
	for _, f := range inner {
		f()
	}
}

// tableOf returns an empty element of the table that k is, and its heading; no value
// if k is a plain key. A struct within a table in brackets is written in one line.
func tableOf(k key, parent string) (elem reflect.Value, heading string) {
	name := strings.TrimPrefix(parent+"."+k.name, ".")
	t := k.value.Type()
	switch {
	case t.Kind() == reflect.Map:
		return reflect.Zero(t.Elem()), "[" + name + ".NAME]"
	case t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Struct:
		return reflect.Zero(t.Elem()), "[[" + name + "]]"
	case t.Kind() == reflect.Struct && parent == "" && !isText(t):
		return k.value, "[" + name + "]"
	}
	return reflect.Value{}, ""
}

func isText(t reflect.Type) bool {
	return reflect.PointerTo(t).Implements(reflect.TypeFor[encoding.TextUnmarshaler]())
}

// row writes a key, or each key of a struct in one line.
func (w *keysWriter) row(prefix string, k key) {
	meaning, byDefault, _ := strings.Cut(k.comment, "Left out: ")
	byDefault = cmp.Or(byDefault, "–")
	if value := k.value; !value.IsZero() || value.Kind() == reflect.Bool {
		byDefault = fmt.Sprintf("`%v`", value)
		if d, ok := reflect.TypeAssert[interface{ Hours() float64 }](value); ok {
			byDefault = strings.Replace(strings.Replace(fmt.Sprintf("`%v`", d), "m0s", "m", 1), "h0m", "h", 1)
		}
	}
	fmt.Fprintf(&w.text, "| `%s` | %s | %s |\n", prefix+k.name, strings.TrimSuffix(byDefault, "."), strings.TrimSpace(meaning))
	if k.value.Kind() == reflect.Struct && !isText(k.value.Type()) {
		for _, below := range w.keys(k.value) {
			w.row(k.name+".", below)
		}
	}
}

// keys returns the keys of a struct. One of the struct itself hides one of the same
// name that is embedded; a struct that is embedded twice is explained once.
func (w *keysWriter) keys(v reflect.Value) []key {
	own := map[string]bool{}
	for field := range v.Fields() {
		own[field.Tag.Get("toml")] = true
	}
	var all []key
	for field, value := range v.Fields() {
		tag := field.Tag.Get("toml")
		switch {
		case field.Anonymous && w.explained[field.Type] != nil:
			name := strings.Join(w.explained[field.Type], "`, `")
			all = append(all, key{name: name, comment: "As above, for this domain. Left out: as above", value: reflect.Zero(reflect.TypeFor[*int]())})
		case field.Anonymous:
			for _, k := range w.keys(value) {
				w.explained[field.Type] = append(w.explained[field.Type], k.name)
				if !own[k.name] {
					all = append(all, k)
				}
			}
		case tag != "" && tag != "-":
			all = append(all, key{name: tag, comment: w.comment(v.Type(), field.Name), value: value})
		}
	}
	return all
}

// comment returns what a field's comment says, without the field's name.
func (w *keysWriter) comment(t reflect.Type, field string) string {
	w.Helper()
	name := t.PkgPath() + "." + t.Name()
	if w.comments[name] == nil {
		w.read(t.PkgPath())
	}
	text := strings.Join(strings.Fields(w.comments[name][field]), " ")
	if text == "" {
		w.Errorf("%s.%s is a key of the configuration and has no comment for the manual", name, field)
		return ""
	}
	text = strings.TrimPrefix(text, field+" ")
	text = strings.TrimPrefix(strings.TrimPrefix(text, "is "), "are ")
	text = strings.ToUpper(text[:1]) + text[1:]
	return markdown(text)
}

var (
	quoted    = regexp.MustCompile(`"([^"]+)"`)
	docLink   = regexp.MustCompile(` \(\[\w+\]\)`)
	tableName = regexp.MustCompile(`\[\w+\]`)
	pageName  = regexp.MustCompile(`\b\w+\.md\b`)
)

// markdown is a comment's text in a cell of a table. What is in quotes there is code
// here, and the names of tables and pages are marked as such.
func markdown(text string) string {
	parts := strings.Split(docLink.ReplaceAllString(text, ""), "`")
	for i, part := range parts {
		if i%2 == 0 { // no code
			part = tableName.ReplaceAllString(part, "`$0`")
			part = quoted.ReplaceAllString(part, "`$1`")
			parts[i] = pageName.ReplaceAllString(part, "[$0]($0)")
		}
	}
	return strings.ReplaceAll(strings.Join(parts, "`"), "|", `\|`)
}

// read reads the comments of a package's structs.
func (w *keysWriter) read(pkg string) {
	w.Helper()
	const module = "github.com/rcptquota/rcptquota/"
	files, err := filepath.Glob(filepath.Join("../..", strings.TrimPrefix(pkg, module), "*.go"))
	if err != nil {
		w.Fatal(err)
	}
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments)
		if err != nil {
			w.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			spec, ok := n.(*ast.TypeSpec)
			if !ok {
				return true
			}
			if s, ok := spec.Type.(*ast.StructType); ok {
				w.comments[pkg+"."+spec.Name.Name] = fieldComments(s)
			}
			return false
		})
	}
}

func fieldComments(s *ast.StructType) map[string]string {
	comments := map[string]string{}
	for _, field := range s.Fields.List {
		for _, name := range field.Names {
			comments[name.Name] = field.Doc.Text()
		}
	}
	return comments
}
