package replay

import (
	"fmt"

	"github.com/rcptquota/rcptquota/cmd/rcptquota/bounded"
	"github.com/rcptquota/rcptquota/cmd/rcptquota/term"
)

// WriteText writes the result for a person: of the senders, top at most; 0: all. The notes
// say how the classes were found.
func (r *Result) WriteText(p *term.Printer, notes []string, top int) {
	t := &r.Total
	if t.Messages == 0 {
		p.Line("No messages with a login in %s%s.", term.Count(r.Read.Lines, "line", "lines"), outside(r.Outside))
	} else {
		const layout = "2006-01-02 15:04"
		p.Line("%s of %s to %s recipients, from %s to %s", term.Count(t.Messages, "message", "messages"),
			senderCount(r.senders), r.Recipients, r.First.In(r.location).Format(layout), r.Last.In(r.location).Format(layout))
		if t.Stopped.Most == 0 {
			p.Line("Every one of them would have passed.")
		} else {
			p.Line("%s of them would have been refused or deferred (%s).", t.Stopped, share(t.Stopped, t.Messages))
		}
	}
	p.Blank()
	for _, note := range r.Notes(notes) {
		p.Line("- %s", note)
	}
	if t.Messages == 0 {
		return
	}
	if t.Stopped.Most > 0 {
		writeTable(p, "By rule", "rule", sorted(r.rules, byStopped), 0)
		writeSenders(p, stopped(r.senders), top)
		writeTable(p, "By day", "day", sorted(r.days, inOrder), 0)
	}
	writeTable(p, "By class", "class", sorted(r.classes, byStopped), 0)
	r.writeSizes(p)
}

func senderCount(m *bounded.Map[Totals]) string {
	if m.Full() {
		return fmt.Sprintf("more than %d senders", m.Len())
	}
	return term.Count(m.Len(), "sender", "senders")
}

func outside(n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf(" in that time; %d are outside it", n)
}

func share(b Bounds, all int) string {
	percent := func(n int) string { return fmt.Sprintf("%.2f", 100*float64(n)/float64(all)) }
	if b.Least == b.Most {
		return percent(b.Least) + " %"
	}
	return percent(b.Least) + "–" + percent(b.Most) + " %"
}

// stopped are the senders of whom something would have been refused.
func stopped(m *bounded.Map[Totals]) []named {
	all := sorted(m, byStopped)
	for i := range all {
		if all[i].Stopped.Most == 0 {
			return all[:i]
		}
	}
	return all
}

func style(b Bounds) term.Style {
	switch {
	case b.Least > 0:
		return term.Bad
	case b.Most > 0:
		return term.Warning
	}
	return term.Plain
}

func most(rows []named) (n int) {
	for i := range rows {
		n = max(n, rows[i].Stopped.Most)
	}
	return n
}

func writeTable(p *term.Printer, heading, name string, rows []named, top int) {
	p.Heading("%s", heading)
	t := term.NewTable(name, ">messages", ">refused", "")
	if name == "rule" { // all its messages are refused
		t = term.NewTable(name, ">refused", "")
	}
	for _, row := range rows[:shown(len(rows), top)] {
		refused := term.Cell{Text: row.Stopped.String(), Style: style(row.Stopped)}
		bar := term.Bar(float64(row.Stopped.Most), float64(most(rows)), term.BarWidth)
		if name == "rule" {
			t.Row(row.Name, refused, bar)
		} else {
			t.Row(row.Name, row.Messages, refused, bar)
		}
	}
	p.Table(t)
}

func shown(n, top int) int {
	if top > 0 {
		return min(n, top)
	}
	return n
}

func writeSenders(p *term.Printer, rows []named, top int) {
	n := shown(len(rows), top)
	if n < len(rows) {
		p.Heading("Senders who would have been refused (%d of %d)", n, len(rows))
	} else {
		p.Heading("Senders who would have been refused")
	}
	t := term.NewTable("sender", "class", ">messages", ">largest", ">refused", "")
	for _, row := range rows[:n] {
		t.Row(row.Name, row.Class, row.Messages, row.Largest, term.Cell{Text: row.Stopped.String(), Style: style(row.Stopped)},
			term.Bar(float64(row.Stopped.Most), float64(most(rows)), term.BarWidth))
	}
	p.Table(t)
}

// writeSizes writes how many recipients messages have, which helps to choose a limit.
func (r *Result) writeSizes(p *term.Printer) {
	p.Heading("Messages by their number of recipients")
	t := term.NewTable(">recipients", ">messages", ">share", ">so many or more", "")
	above := r.Total.Messages
	most := 0
	for _, n := range r.BySize {
		most = max(most, n)
	}
	from := 1
	for i, n := range r.BySize {
		if above == 0 {
			break
		}
		name := fmt.Sprintf("%d or more", from)
		if i < len(sizes) {
			name = fmt.Sprintf("%d–%d", from, sizes[i])
			if from == sizes[i] {
				name = fmt.Sprint(from)
			}
			from = sizes[i] + 1
		}
		t.Row(name, n, fmt.Sprintf("%.2f %%", 100*float64(n)/float64(r.Total.Messages)), above, term.Bar(float64(n), float64(most), term.BarWidth))
		above -= n
	}
	p.Table(t)
}
