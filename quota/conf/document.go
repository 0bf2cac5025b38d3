package conf

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/pelletier/go-toml/v2/unstable"
)

// document knows the places of a file's keys, and which of them do not fit the struct
// that the file is read into.
type document struct {
	lines map[string]int // of keys and tables, by name; tables that are named in passing too
	keys  map[int]string // the last key or table of a line
	wrong []located
	stops bool // not all of wrong are unknown keys
}

// line returns the line of a key or, when the document does not name it, of the
// nearest table around it; 1 when there is none.
func (d *document) line(name string) int {
	for name != "" {
		if line, ok := d.lines[name]; ok {
			return line
		}
		name = name[:max(strings.LastIndexAny(name, ".["), 0)]
	}
	return 1
}

// read reads a TOML document for a value of a type, as far as its syntax is right. With
// no type, everything fits.
func read(data []byte, t reflect.Type) *document {
	r := reader{
		document: &document{lines: map[string]int{}, keys: map[int]string{}},
		data:     data,
		file:     t,
		table:    place{takes: t},
		tables:   map[string]int{},
	}
	r.parser.Reset(data)
	for r.parser.NextExpression() {
		r.expression(r.parser.Expression())
	}
	if err, ok := errors.AsType[*unstable.ParserError](r.parser.Error()); ok {
		line := 1 + bytes.Count(data[:r.parser.Range(err.Highlight).Offset], []byte("\n"))
		r.wrong = append(r.wrong, located{line, errors.New(err.Message)})
		r.stops = true
	}
	return r.document
}

type reader struct {
	*document
	data   []byte
	parser unstable.Parser
	file   reflect.Type
	tables map[string]int // tables seen of each array of tables
	table  place          // the table that keys now stand in

	newlines, counted int // how many, before which offset
}

// place is a key, or a table by its header.
type place struct {
	name  string // as that of a [Mistake]
	line  int
	takes reflect.Type // nil: anything
	in    reflect.Type // what the table around it takes
}

func (r *reader) expression(e *unstable.Node) {
	switch e.Kind {
	case unstable.Table:
		r.table = r.key(place{takes: r.file}, e.Key())
		r.header(false)
	case unstable.ArrayTable:
		r.table = r.key(place{takes: r.file}, e.Key())
		r.tables[r.table.name]++
		r.header(true)
		r.table.name = element(r.table.name, r.tables[r.table.name]-1)
		r.lines[r.table.name], r.keys[r.table.line] = r.table.line, r.table.name
	case unstable.KeyValue:
		r.keyValue(r.table, e)
	}
}

// header looks whether what the table's header names is a table, or an array of tables,
// and goes into it.
func (r *reader) header(array bool) {
	t := &r.table
	switch is := shapeOf(t.takes); {
	case is == shapeAny:
		t.takes = nil
	case array && is == shapeTables:
		t.takes = elem(t.takes)
	case array || is != shapeTable:
		written := "table"
		if array {
			written = "array of tables"
		}
		r.misfit(*t, written, func(other shape) bool { return other == shapeTables || other == shapeTable && !array })
		t.takes = nil
	}
}

func (r *reader) keyValue(table place, e *unstable.Node) { r.value(r.key(table, e.Key()), e.Value()) }

// value looks whether a value fits its key, and goes into arrays and inline tables.
func (r *reader) value(k place, v *unstable.Node) {
	if v.Raw.Length > 0 {
		k.line = r.lineOf(v.Raw.Offset)
	}
	if !shapeOf(k.takes).fits(v.Kind) {
		r.misfit(k, kinds[v.Kind], func(other shape) bool { return other.fits(v.Kind) })
		k.takes = nil
	} else if problem := textProblem(k.takes, v); problem != "" {
		r.say(k, problem)
		r.stops = true
	}
	switch v.Kind {
	case unstable.InlineTable:
		for it := v.Children(); it.Next(); {
			r.keyValue(k, it.Node())
		}
	case unstable.Array:
		r.array(k, v)
	}
}

// array goes into the tables of an array, by their number, and its other values.
func (r *reader) array(k place, v *unstable.Node) {
	list, is := k, shapeOf(k.takes)
	k.takes = elem(k.takes)
	i := 0
	for it := v.Children(); it.Next(); i++ {
		switch child := it.Node(); {
		case child.Kind == unstable.InlineTable && is != shapeList:
			below := k
			below.name = element(k.name, i)
			r.value(below, child)
		case is == shapeTables:
			r.misfit(list, "list of no tables", func(other shape) bool { return other == shapeList })
			return
		default:
			r.value(k, child)
		}
	}
}

// key notes the line of each part of a dotted key and returns the whole, at the
// line of its last part. A part that names an array of tables means its latest
// table (TOML: "Array of Tables").
func (r *reader) key(table place, parts unstable.Iterator) place {
	k := table
	for parts.Next() {
		part := parts.Node()
		if n := r.tables[k.name]; n > 0 {
			k.name = element(k.name, n-1)
		}
		around, name := k, string(part.Data)
		k.name = strings.TrimPrefix(k.name+"."+name, ".")
		k.line = r.lineOf(part.Raw.Offset)
		r.keys[k.line] = k.name
		_, seen := r.lines[k.name]
		if !seen {
			r.lines[k.name] = k.line
		}
		k.in, k.takes = r.into(around, name, !seen, k)
	}
	return k
}

// into returns what a table takes, and what a key in it takes.
func (r *reader) into(table place, name string, first bool, k place) (in, takes reflect.Type) {
	in = bare(table.takes)
	if shapeOf(in) == shapeTables {
		in = elem(in)
	}
	is := shapeOf(in)
	if is == shapeAny {
		return nil, nil
	}
	if is != shapeTable {
		r.misfit(table, "table", func(other shape) bool { return other == shapeTable })
		return nil, nil
	}
	if in.Kind() == reflect.Map {
		return in, in.Elem()
	}
	takes, ok := lookUp(in, name)
	if !ok && first {
		r.say(k, "unknown key"+r.instead(name, in))
	}
	return in, takes
}

// lineOf counts on from the offset before.
func (r *reader) lineOf(offset uint32) int {
	r.newlines += bytes.Count(r.data[r.counted:offset], []byte("\n"))
	r.counted = int(offset)
	return r.newlines + 1
}

func element(array string, i int) string { return fmt.Sprintf("%s[%d]", array, i) }
