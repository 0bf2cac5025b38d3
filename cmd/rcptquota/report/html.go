package report

import (
	_ "embed"
	"html/template"
	"io"
	"time"
)

// page is the HTML file. Whatever it shows, html/template escapes for its place.
//
//go:embed page.html
var pageText string

var page = template.Must(template.New("report").Parse(pageText))

// WriteHTML writes the summary as one page that needs no other file and runs no script,
// so that it can be mailed; of each table, top rows at most; 0: all. It says that it was
// made at now.
func (s *Summary) WriteHTML(w io.Writer, top int, now time.Time) error {
	view := pageView{
		Title: s.title(), Made: now.In(s.location).Format("2006-01-02 15:04"), Notes: s.notes(),
	}
	for _, a := range s.used(nil) {
		view.Actions = append(view.Actions, a.String())
		view.Totals = append(view.Totals, totalView{a.String(), s.Total[a], percent(s.Total[a], s.Total.All())})
	}
	for _, t := range s.Tables() {
		view.Tables = append(view.Tables, s.tableView(&t, top))
	}
	return page.Execute(w, view)
}

type pageView struct {
	Title, Made string
	Notes       []string
	Actions     []string
	Totals      []totalView
	Tables      []tableView
}

type totalView struct {
	Action   string
	Messages int
	Share    string
}

type tableView struct {
	Heading, Name, Note string
	Shown, All          int
	Actions             []string
	Rows                []rowView
	Chart               *chart // nil: bars in the rows
}

type rowView struct {
	Name    string
	Numbers []int
	Bar     []segment
}

// barWidth is the width of the bar of the greatest row, in the units of its SVG.
const barWidth = 200

func (s *Summary) tableView(t *Table, top int) tableView {
	rows := t.Rows
	if top > 0 && len(rows) > top && !t.Time {
		rows = rows[:top]
	}
	v := tableView{Heading: headings[t.Name], Name: t.Name, Note: t.approximate(), Shown: len(rows), All: len(t.Rows)}
	most := t.Most()
	for _, a := range s.used(t) {
		v.Actions = append(v.Actions, a.String())
	}
	for i := range rows {
		row := rowView{Name: rows[i].Name, Bar: segments(&rows[i].Counts, most, barWidth)}
		for _, a := range s.used(t) {
			row.Numbers = append(row.Numbers, rows[i].Counts[a])
		}
		v.Rows = append(v.Rows, row)
	}
	if t.Time && most > 0 {
		v.Chart = newChart(t, most)
	}
	return v
}
