package conf

import (
	"fmt"
	"strings"

	"github.com/pelletier/go-toml/v2/unstable"
)

// keyIndex maps each key and table of a file to the line where it first stands.
type keyIndex map[string]int

// of returns the line of key or, when the file does not name it, of the
// nearest table around it; 1 when there is none.
func (k keyIndex) of(key string) int {
	for key != "" {
		if line, ok := k[key]; ok {
			return line
		}
		key = key[:max(strings.LastIndexAny(key, ".["), 0)]
	}
	return 1
}

// keyLines indexes a TOML document that has already been decoded without error.
func keyLines(data []byte) keyIndex {
	b := indexBuilder{lines: keyIndex{}, tables: map[string]int{}}
	b.parser.Reset(data)
	for b.parser.NextExpression() {
		b.expression(b.parser.Expression())
	}
	return b.lines
}

type indexBuilder struct {
	parser unstable.Parser
	lines  keyIndex
	tables map[string]int // tables seen of each array of tables
	table  string         // the table that keys now stand in
}

func (b *indexBuilder) expression(e *unstable.Node) {
	switch e.Kind {
	case unstable.Table:
		b.table = b.key("", e.Key())
	case unstable.ArrayTable:
		name := b.key("", e.Key())
		b.table = fmt.Sprintf("%s[%d]", name, b.tables[name])
		b.tables[name]++
		b.lines[b.table] = b.lines[name]
		delete(b.lines, name) // the next table of the array stands elsewhere
	case unstable.KeyValue:
		b.keyValue(b.table, e)
	}
}

func (b *indexBuilder) keyValue(table string, e *unstable.Node) {
	name := b.key(table, e.Key())
	if e.Value().Kind != unstable.InlineTable {
		return
	}
	for it := e.Value().Children(); it.Next(); {
		b.keyValue(name, it.Node())
	}
}

// key notes the line of each part of a dotted key and returns the whole. A
// part that names an array of tables means its latest table (TOML: "Array of
// Tables").
func (b *indexBuilder) key(table string, parts unstable.Iterator) string {
	name := table
	for parts.Next() {
		if n := b.tables[name]; n > 0 {
			name = fmt.Sprintf("%s[%d]", name, n-1)
		}
		name = strings.TrimPrefix(name+"."+string(parts.Node().Data), ".")
		if _, seen := b.lines[name]; !seen {
			b.lines[name] = b.parser.Shape(parts.Node().Raw).Start.Line
		}
	}
	return name
}
