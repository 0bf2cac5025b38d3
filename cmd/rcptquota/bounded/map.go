package bounded

import (
	"cmp"
	"slices"
	"strings"
	"unicode/utf8"
)

// maxName is the length in bytes up to which a name is kept.
const maxName = 256

// Map has a value for each of up to Max names. Make it with [New].
type Map[V any] struct {
	Max    int
	values map[string]*V
	// Others is the value that all further names share.
	Others V
	more   bool
}

// Entry is a name with its value.
type Entry[V any] struct {
	Name  string
	Value *V
}

// New makes an empty map of up to most names.
func New[V any](most int) *Map[V] { return &Map[V]{Max: most, values: map[string]*V{}} }

// At returns the value of a name, to read or to change: a new one for a new name, and
// Others once there are too many. What a very long name has beyond 256 bytes is cut off.
func (m *Map[V]) At(name string) *V {
	if v := m.values[name]; v != nil {
		return v
	}
	if len(name) > maxName {
		end := maxName
		for end > 0 && !utf8.RuneStart(name[end]) {
			end--
		}
		return m.At(name[:end])
	}
	if len(m.values) >= m.Max {
		m.more = true
		return &m.Others
	}
	v := new(V)
	m.values[strings.Clone(name)] = v // not the line that it is part of
	return v
}

// Len is how many names have a value of their own.
func (m *Map[V]) Len() int { return len(m.values) }

// Full reports whether there were more names than Max, so that Others stands for some.
func (m *Map[V]) Full() bool { return m.more }

// Sorted returns the names and their values, the greatest by compare first, then by name.
func (m *Map[V]) Sorted(compare func(a, b *V) int) []Entry[V] {
	entries := make([]Entry[V], 0, len(m.values))
	for name, value := range m.values {
		entries = append(entries, Entry[V]{name, value})
	}
	slices.SortFunc(entries, func(a, b Entry[V]) int {
		return cmp.Or(compare(b.Value, a.Value), cmp.Compare(a.Name, b.Name))
	})
	return entries
}
