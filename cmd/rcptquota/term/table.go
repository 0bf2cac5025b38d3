package term

import (
	"fmt"
	"strings"

	"golang.org/x/text/width"
)

// Column is a column of a table.
type Column struct {
	Title string
	Right bool  // right-aligned, for numbers
	Style Style // of its cells, unless a cell has its own
}

// Cell is a cell of a table.
type Cell struct {
	Text  string
	Style Style
}

// Table is what [Printer.Table] writes: its columns, then rows of as many cells.
type Table struct {
	Columns []Column
	rows    [][]Cell
}

// NewTable makes a table of columns with those titles. A title that begins with ">" is
// that of a right-aligned column.
func NewTable(titles ...string) *Table {
	t := &Table{}
	for _, title := range titles {
		title, right := strings.CutPrefix(title, ">")
		t.Columns = append(t.Columns, Column{Title: title, Right: right})
	}
	return t
}

// Row adds a row: a Cell is taken as it is, anything else as fmt.Sprint writes it.
func (t *Table) Row(cells ...any) {
	row := make([]Cell, len(t.Columns))
	for i, value := range cells[:min(len(cells), len(row))] {
		cell, ok := value.(Cell)
		if !ok {
			cell = Cell{Text: fmt.Sprint(value), Style: t.Columns[i].Style}
		}
		cell.Text = Clean(cell.Text)
		row[i] = cell
	}
	t.rows = append(t.rows, row)
}

// Len is how many rows there are.
func (t *Table) Len() int { return len(t.rows) }

// gap stands between two columns.
const gap = "  "

// Table writes a table, its titles first, indented by two.
func (p *Printer) Table(t *Table) {
	widths := make([]int, len(t.Columns))
	titles := make([]Cell, len(t.Columns))
	for i, c := range t.Columns {
		titles[i] = Cell{c.Title, Faint}
		widths[i] = Width(c.Title)
		for _, row := range t.rows {
			widths[i] = max(widths[i], Width(row[i].Text))
		}
	}
	for _, row := range append([][]Cell{titles}, t.rows...) {
		var line strings.Builder
		for i, cell := range row {
			pad := strings.Repeat(" ", widths[i]-Width(cell.Text))
			text := p.paint(cell.Style, cell.Text)
			if t.Columns[i].Right {
				text, pad = pad+text, ""
			}
			line.WriteString(gap + text + pad)
		}
		fmt.Fprintln(p.out, strings.TrimRight(line.String(), " "))
	}
}

// Width is how many columns of a terminal a text takes.
func Width(text string) (n int) {
	for _, r := range text {
		switch width.LookupRune(r).Kind() {
		case width.EastAsianWide, width.EastAsianFullwidth:
			n += 2
		default:
			n++
		}
	}
	return n
}
