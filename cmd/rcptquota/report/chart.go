package report

import (
	"fmt"
	"time"
)

// segment is a coloured part of a bar, in the units of its SVG.
type segment struct {
	Action     string // the class that has the colour
	Start, Len float64
}

// segments divides a bar among the messages that were stopped; most messages are length
// long.
func segments(c *Counts, most int, length float64) []segment {
	var all []segment
	at := 0.0
	for _, a := range []Action{Refused, Deferred, WouldRefuse, Redirected, Held} {
		if c[a] > 0 && most > 0 {
			n := float64(c[a]) / float64(most) * length
			all = append(all, segment{a.String(), at, n})
			at += n
		}
	}
	return all
}

// chart is a chart of columns over time, in the units of its SVG.
type chart struct {
	Width, Height, Base int
	Columns             []column
	Most                int
}

type column struct {
	X, W, Middle float64
	Label        string // below it; empty where there is no room
	Title        string // what a reader hears, or sees when pointing at it
	Parts        []segment
}

const (
	chartWidth  = 720
	chartHeight = 160
	labelRoom   = 20
	maxLabels   = 12
	maxColumns  = 400 // days; of more, the newest
)

// newChart draws the rows of a table that is in the order of time. Days without a message
// have an empty column.
func newChart(t *Table, most int) *chart {
	rows := t.Rows
	if t.Name == "day" {
		rows = everyDay(rows)
	}
	c := &chart{Width: chartWidth, Height: chartHeight + labelRoom, Base: chartHeight, Most: most}
	step := float64(chartWidth) / float64(len(rows))
	every := (len(rows) + maxLabels - 1) / maxLabels
	for i := range rows {
		col := column{X: float64(i)*step + step*0.1, W: step * 0.8, Middle: (float64(i) + 0.5) * step}
		if i%every == 0 {
			col.Label = rows[i].Name
		}
		col.Title = fmt.Sprintf("%s: %d", rows[i].Name, rows[i].Counts.Stopped())
		for _, part := range segments(&rows[i].Counts, most, chartHeight-10) {
			part.Start = chartHeight - part.Start - part.Len // columns grow upwards
			col.Parts = append(col.Parts, part)
		}
		c.Columns = append(c.Columns, col)
	}
	return c
}

// everyDay returns the newest days with those in between that have no messages.
func everyDay(rows []Row) []Row {
	last, err := time.Parse(time.DateOnly, rows[len(rows)-1].Name)
	if err != nil {
		return rows
	}
	counts := map[string]Counts{}
	for _, row := range rows {
		counts[row.Name] = row.Counts
	}
	first, err := time.Parse(time.DateOnly, rows[0].Name)
	if from := last.AddDate(0, 0, 1-maxColumns); err != nil || first.Before(from) {
		first = from
	}
	var all []Row
	for day := first; !day.After(last); day = day.AddDate(0, 0, 1) {
		name := day.Format(time.DateOnly)
		all = append(all, Row{name, counts[name]})
	}
	return all
}
