package bounded

import (
	"cmp"
	"strings"
	"testing"
)

func compareInts(a, b *int) int { return cmp.Compare(*a, *b) }

func TestMap(t *testing.T) {
	m := New[int](2)
	for _, name := range []string{"b", "a", "c", "a", "d", "b", "a"} {
		*m.At(name)++
	}
	entries := m.Sorted(compareInts)
	if len(entries) != 2 || entries[0].Name != "a" || *entries[0].Value != 3 || *entries[1].Value != 2 {
		t.Errorf("%v", entries)
	}
	if m.Others != 2 || !m.Full() || m.Len() != 2 {
		t.Errorf("others %d", m.Others)
	}
}

func TestLongNamesAreCut(t *testing.T) {
	m := New[int](9)
	*m.At(strings.Repeat("é", 500) + "1")++
	*m.At(strings.Repeat("é", 500) + "2")++
	if entries := m.Sorted(compareInts); len(entries) != 1 || entries[0].Name != strings.Repeat("é", 128) || *entries[0].Value != 2 {
		t.Errorf("%v", entries)
	}
	if m.Full() {
		t.Error("it is full")
	}
}
