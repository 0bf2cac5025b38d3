package conf

import (
	"bytes"
	"fmt"
	"slices"
	"sort"
	"strings"

	"github.com/pelletier/go-toml/v2/unstable"
)

// index knows the place of each key and table of a document.
type index struct {
	data  []byte
	keys  []key          // in the order of the document; those of an inline table follow it
	lines map[string]int // by name; tables that are named in passing too
}

// key is a key with its value, or the header of a table.
type key struct {
	name       string // as that of a [Mistake]
	line       int
	start, end int // in the document
	hasValue   bool
}

func (k *key) contains(offset int) bool { return k.start <= offset && offset < k.end }

// line returns the line of a key or, when the document does not name it, of the
// nearest table around it; 1 when there is none.
func (x *index) line(name string) int {
	for name != "" {
		if line, ok := x.lines[name]; ok {
			return line
		}
		name = name[:max(strings.LastIndexAny(name, ".["), 0)]
	}
	return 1
}

// innermost returns the key at a place, or nil.
func (x *index) innermost(line, column int) *key {
	offset := x.offset(line, column)
	after := sort.Search(len(x.keys), func(i int) bool { return x.keys[i].start > offset })
	for i := range slices.Backward(x.keys[:after]) {
		if x.keys[i].contains(offset) {
			return &x.keys[i]
		}
	}
	return nil
}

// outermost is [index.innermost], but never within an inline table.
func (x *index) outermost(line, column int) *key {
	offset := x.offset(line, column)
	if i := slices.IndexFunc(x.keys, func(k key) bool { return k.contains(offset) }); i >= 0 {
		return &x.keys[i]
	}
	return nil
}

// offset takes a line and a column, in bytes, that count from 1.
func (x *index) offset(line, column int) int {
	start := 0
	for ; line > 1; line-- {
		start += bytes.IndexByte(x.data[start:], '\n') + 1
	}
	return start + column - 1
}

// indexKeys indexes a TOML document, as far as its syntax is right.
func indexKeys(data []byte) *index {
	b := indexer{index: &index{data: data, lines: map[string]int{}}, tables: map[string]int{}}
	b.parser.Reset(data)
	for b.parser.NextExpression() {
		b.expression(b.parser.Expression())
	}
	return b.index
}

type indexer struct {
	*index
	parser unstable.Parser
	tables map[string]int // tables seen of each array of tables
	table  string         // the table that keys now stand in

	newlines, counted int // how many, before which offset
}

func (b *indexer) expression(e *unstable.Node) {
	switch e.Kind {
	case unstable.Table:
		header := b.key("", e.Key())
		b.table = header.name
		b.keys = append(b.keys, header)
	case unstable.ArrayTable:
		header := b.key("", e.Key())
		b.tables[header.name]++
		header.name = element(header.name, b.tables[header.name]-1)
		b.table = header.name
		b.keys = append(b.keys, header)
		b.lines[header.name] = header.line
	case unstable.KeyValue:
		b.keyValue(b.table, e)
	}
}

func (b *indexer) keyValue(table string, e *unstable.Node) {
	k := b.key(table, e.Key())
	k.hasValue = true
	k.end = int(e.Raw.Offset + e.Raw.Length)
	b.keys = append(b.keys, k)
	b.value(k.name, e.Value())
}

// value goes into inline tables, those of an array too.
func (b *indexer) value(name string, v *unstable.Node) {
	switch v.Kind {
	case unstable.InlineTable:
		for it := v.Children(); it.Next(); {
			b.keyValue(name, it.Node())
		}
	case unstable.Array:
		i := 0
		for it := v.Children(); it.Next(); i++ {
			b.value(element(name, i), it.Node())
		}
	}
}

// key notes the line of each part of a dotted key and returns the whole, at the
// line of its last part. A part that names an array of tables means its latest
// table (TOML: "Array of Tables").
func (b *indexer) key(table string, parts unstable.Iterator) key {
	k := key{name: table, start: -1}
	for parts.Next() {
		part := parts.Node()
		if n := b.tables[k.name]; n > 0 {
			k.name = element(k.name, n-1)
		}
		k.name = strings.TrimPrefix(k.name+"."+string(part.Data), ".")
		k.line = b.lineOf(part.Raw.Offset)
		k.end = int(part.Raw.Offset + part.Raw.Length)
		if k.start < 0 {
			k.start = int(part.Raw.Offset)
		}
		if _, seen := b.lines[k.name]; !seen {
			b.lines[k.name] = k.line
		}
	}
	return k
}

// lineOf counts on from the offset before.
func (b *indexer) lineOf(offset uint32) int {
	b.newlines += bytes.Count(b.data[b.counted:offset], []byte("\n"))
	b.counted = int(offset)
	return b.newlines + 1
}

func element(array string, i int) string { return fmt.Sprintf("%s[%d]", array, i) }
