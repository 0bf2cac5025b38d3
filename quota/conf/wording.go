package conf

import (
	"cmp"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// say notes a mistake about a key.
func (r *reader) say(k place, problem string) {
	r.wrong = append(r.wrong, located{k.line, fmt.Errorf("%s: %s", k.name, problem)})
}

// misfit says that something of another kind is written than the key takes, and names
// a key like it that takes this kind.
func (r *reader) misfit(k place, written string, fits func(shape) bool) {
	r.stops = true
	want := shapes[shapeOf(k.takes)].wanted
	switch {
	case bare(k.takes) == reflect.TypeFor[Duration]():
		want = `duration, as in "5m"`
	case shapeOf(k.takes) == shapeTables:
		want += ", [[" + withoutNumbers(k.name) + "]]"
	}
	problem := fmt.Sprintf("the value is of type %s; want %s", written, want)
	name := k.name[strings.LastIndexByte(k.name, '.')+1:]
	if other := nearest(name, k.in, 1, fits); other != "" {
		problem += fmt.Sprintf("; did you mean %q?", other)
	}
	r.say(k, problem)
}

// withoutNumbers is a key's name as it stands in the heading of a table.
func withoutNumbers(name string) string {
	var b strings.Builder
	for part := range strings.SplitSeq(name, "[") {
		if _, after, numbered := strings.Cut(part, "]"); numbered {
			part = after
		}
		b.WriteString(part)
	}
	return b.String()
}

// instead says what may be meant by an unknown key of a table: a key like it or, in
// another table, one of this very name.
func (r *reader) instead(name string, table reflect.Type) string {
	if near := nearest(name, table, max(1, len(name)/3), func(shape) bool { return true }); near != "" {
		return fmt.Sprintf("; did you mean %q?", near)
	}
	if tables := tablesWith(name, "", r.file); len(tables) > 0 {
		return "; it is a key of " + strings.Join(tables, " and ")
	}
	return ""
}

// nearest returns the key of a table that is most like a name, within so many letters,
// and takes what fits; empty if there is none.
func nearest(name string, table reflect.Type, within int, fits func(shape) bool) string {
	if table == nil || table.Kind() != reflect.Struct {
		return ""
	}
	keys := keysOf(table)
	best, least := "", within+1
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		if d := distance(strings.ToLower(name), key); d < least && key != name && fits(shapeOf(keys[key])) {
			best, least = key, d
		}
	}
	return best
}

// tablesWith lists the headings of the tables that know a key, in and below a table.
func tablesWith(name, path string, t reflect.Type) []string {
	var tables []string
	keys := keysOf(t)
	if _, ok := keys[name]; ok {
		tables = append(tables, cmp.Or(path, "the top of the file"))
	}
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		below := strings.TrimPrefix(strings.Trim(path, "[]")+"."+key, ".")
		field := bare(keys[key])
		switch shapeOf(field) {
		case shapeTables:
			below, field = "[["+below+"]]", bare(elem(field))
		case shapeTable:
			if field.Kind() == reflect.Map {
				below, field = below+".NAME", bare(field.Elem())
			}
			below = "[" + below + "]"
		default:
			continue
		}
		if field.Kind() == reflect.Struct && shapeOf(field) == shapeTable {
			tables = append(tables, tablesWith(name, below, field)...)
		}
	}
	return tables
}

// distance counts the letters that are to be added, left out, replaced or swapped with
// the next one, to make b of a.
func distance(a, b string) int {
	rows := make([][]int, len(a)+1)
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
		rows[i][0] = i
	}
	for j := range b {
		rows[0][j+1] = j + 1
	}
	for i := range len(a) {
		for j := range len(b) {
			replaced := rows[i][j]
			if a[i] != b[j] {
				replaced++
			}
			rows[i+1][j+1] = min(rows[i][j+1]+1, rows[i+1][j]+1, replaced)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				rows[i+1][j+1] = min(rows[i+1][j+1], rows[i-1][j-1]+1)
			}
		}
	}
	return rows[len(a)][len(b)]
}
