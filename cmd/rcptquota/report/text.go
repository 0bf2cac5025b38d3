package report

import (
	"fmt"
	"time"

	"github.com/rcptquota/rcptquota/cmd/rcptquota/term"
)

// headings are those of the tables, by name.
var headings = map[string]string{
	"reason": "By reason", "sender": "By sender", "list": "By list", "class": "By class", "day": "By day", "hour": "By hour of the day",
}

// styles are those of the actions.
var styles = [actions]term.Style{Refused: term.Bad, Deferred: term.Warning, WouldRefuse: term.Warning, Held: term.Warning}

// WriteText writes the summary for a person: of each table, top rows at most; 0: all.
func (s *Summary) WriteText(p *term.Printer, top int) {
	p.Line("%s", s.title())
	for _, note := range s.notes() {
		p.Line("%s", note)
	}
	if s.Total.All() == 0 {
		return
	}
	p.Blank()
	total := term.NewTable("", ">messages", ">share")
	for _, a := range s.used(nil) {
		total.Row(a.String(), term.Cell{Text: fmt.Sprint(s.Total[a]), Style: styles[a]}, percent(s.Total[a], s.Total.All()))
	}
	p.Table(total)
	if s.Total.Stopped() == 0 {
		return
	}
	for _, t := range s.Tables() {
		s.writeTable(p, &t, top)
	}
}

// title says what was counted.
func (s *Summary) title() string {
	if s.Total.All() == 0 {
		return "No records of messages" + s.bounds() + "."
	}
	const layout = "2006-01-02 15:04"
	return fmt.Sprintf("%s with %s, from %s to %s (%s)",
		term.Count(s.Total.All(), "message", "messages"), term.Count(s.Recipients, "recipient", "recipients"),
		s.First.In(s.location).Format(layout), s.Last.In(s.location).Format(layout), s.zone())
}

func (s *Summary) bounds() string {
	if s.Outside == 0 {
		return ""
	}
	return fmt.Sprintf(" in that time; %d are outside it", s.Outside)
}

func (s *Summary) zone() string {
	if s.location == time.Local {
		return "local time"
	}
	return s.location.String()
}

// notes tells what the numbers rest on, and what could not be read, in a sentence each.
func (s *Summary) notes() []string {
	var lines []string
	if s.Decisions {
		lines = append(lines, "By the decision records: messages that were simply accepted have none.")
	}
	if s.Trouble.Lines > 0 {
		lines = append(lines, fmt.Sprintf("%s damaged, and left out; the first is %s", term.Count(s.Trouble.Lines, "line is", "lines are"), s.Trouble.First))
	}
	for _, file := range s.Trouble.Files {
		lines = append(lines, "Not read to its end: "+file)
	}
	return lines
}

func percent(n, all int) string { return fmt.Sprintf("%.1f %%", 100*float64(n)/float64(all)) }

func (s *Summary) writeTable(p *term.Printer, t *Table, top int) {
	rows := t.Rows
	if top > 0 && len(rows) > top && !t.Time {
		rows = rows[:top]
	}
	if len(rows) < len(t.Rows) {
		p.Heading("%s (%d of %d)", headings[t.Name], len(rows), len(t.Rows))
	} else {
		p.Heading("%s", headings[t.Name])
	}
	titles := []string{t.Name}
	for _, a := range s.used(t) {
		titles = append(titles, ">"+a.String())
	}
	out := term.NewTable(append(titles, "")...)
	most := t.Most()
	for _, row := range rows {
		cells := []any{row.Name}
		for _, a := range s.used(t) {
			cell := term.Cell{Text: fmt.Sprint(row.Counts[a])}
			if row.Counts[a] > 0 {
				cell.Style = styles[a]
			}
			cells = append(cells, cell)
		}
		out.Row(append(cells, term.Bar(float64(row.Counts.Stopped()), float64(most), term.BarWidth))...)
	}
	p.Table(out)
	if note := t.approximate(); note != "" {
		p.Line("  %s", note)
	}
}
