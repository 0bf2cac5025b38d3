package term

import (
	"bytes"
	"strings"
	"testing"
)

func TestTable(t *testing.T) {
	var out bytes.Buffer
	table := NewTable("sender", ">refused", "")
	table.Row("anne", 7, Bar(7, 14, 4))
	table.Row("élodie 漢字", 14, Cell{Bar(14, 14, 4), Bad})
	New(&out).Table(table)
	want := "  sender       refused\n" +
		"  anne               7  ██\n" +
		"  élodie 漢字       14  ████\n"
	if out.String() != want {
		t.Errorf("got\n%s\nwant\n%s", out.String(), want)
	}
}

func TestWithoutATerminalThereAreNoColours(t *testing.T) {
	var out bytes.Buffer
	p := New(&out)
	p.Heading("Refused")
	p.Line("%d messages", 3)
	if got := out.String(); got != "\nRefused\n3 messages\n" {
		t.Errorf("%q", got)
	}
}

func TestColours(t *testing.T) {
	p := &Printer{colour: true}
	if got := p.paint(Bad, "x"); got != "\x1b[31mx\x1b[m" {
		t.Errorf("%q", got)
	}
	if got := p.paint(Plain, "x"); got != "x" {
		t.Errorf("%q", got)
	}
}

// What a stranger wrote does not act on the terminal.
func TestClean(t *testing.T) {
	for _, evil := range []string{"\x1b[2J", "a\nb", "\u009b31m", "\u202etxt", "\xff", "\u2028"} {
		got := Clean(evil)
		if !strings.Contains(got, "�") || strings.ContainsAny(got, "\x1b\n\u009b\u202e\u2028") {
			t.Errorf("%q becomes %q", evil, got)
		}
	}
	if got := Clean("élodie@école.fr"); got != "élodie@école.fr" {
		t.Errorf("%q", got)
	}
}

func TestBar(t *testing.T) {
	for _, c := range []struct {
		value, most float64
		want        string
	}{{0, 10, ""}, {1, 0, ""}, {10, 10, "████"}, {20, 10, "████"}, {5, 10, "██"}, {0.001, 10, "▏"}, {9, 16, "██▎"}} {
		if got := Bar(c.value, c.most, 4); got != c.want {
			t.Errorf("%v of %v: %q, want %q", c.value, c.most, got, c.want)
		}
	}
}

func FuzzClean(f *testing.F) {
	f.Add("\x1b]0;title\a")
	f.Fuzz(func(t *testing.T, text string) {
		for _, r := range Clean(text) {
			if r < ' ' || r >= 0x7f && r < 0xa0 {
				t.Fatalf("%q becomes %q", text, Clean(text))
			}
		}
	})
}
