package report

import (
	"encoding/json"
	"io"
	"time"

	"github.com/rcptquota/rcptquota/cmd/rcptquota/logfile"
	"github.com/rcptquota/rcptquota/cmd/rcptquota/sheet"
)

// MarshalJSON writes the numbers by the names of the actions.
func (c Counts) MarshalJSON() ([]byte, error) {
	byName := map[string]int{}
	for a, n := range c {
		byName[Action(a).String()] = n
	}
	return json.Marshal(byName)
}

// object is a row as one object.
func (t *Table) object(r *Row) map[string]any {
	byName := map[string]any{"name": r.Name}
	for _, a := range t.counted() {
		byName[a.String()] = r.Counts[a]
	}
	return byName
}

// document is what --json writes.
type document struct {
	First      *time.Time                  `json:"first,omitempty"`
	Last       *time.Time                  `json:"last,omitempty"`
	Messages   int                         `json:"messages"`
	Recipients int                         `json:"recipients"`
	Total      Counts                      `json:"total"`
	By         map[string][]map[string]any `json:"by"`
	Others     map[string]*Counts          `json:"others,omitempty"` // of more names than are counted one by one
	Outside    int                         `json:"outside"`
	OtherLines int                         `json:"other_lines"`
	Damaged    logfile.Trouble             `json:"damaged"`
}

// WriteJSON writes the summary as one JSON object, with all rows.
func (s *Summary) WriteJSON(w io.Writer) error {
	d := document{
		Messages: s.Total.All(), Recipients: s.Recipients, Total: s.Total, By: map[string][]map[string]any{}, Others: map[string]*Counts{},
		Outside: s.Outside, OtherLines: s.Other, Damaged: s.Trouble,
	}
	if s.Total.All() > 0 {
		first, last := s.First.In(s.location), s.Last.In(s.location)
		d.First, d.Last = &first, &last
	}
	for _, t := range s.Tables() {
		for i := range t.Rows {
			d.By[t.Name] = append(d.By[t.Name], t.object(&t.Rows[i]))
		}
		if t.Others != nil {
			d.Others[t.Name] = t.Others
		}
	}
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(d)
}

// WriteCSV writes a line for each row of each table, under one line of titles.
func (s *Summary) WriteCSV(w io.Writer) error {
	out := sheet.New(w, append([]string{"by", "name"}, names[:]...)...)
	row := func(t *Table, name string, counts *Counts) {
		cells := []any{t.Name, name}
		for _, a := range t.counted() {
			cells = append(cells, counts[a])
		}
		if t.Stopped {
			cells = append(cells, "") // not counted
		}
		out.Row(cells...)
	}
	row(&Table{Name: "total"}, "", &s.Total)
	for _, t := range s.Tables() {
		for i := range t.Rows {
			row(&t, t.Rows[i].Name, &t.Rows[i].Counts)
		}
		if t.Others != nil {
			row(&t, "(others)", t.Others)
		}
	}
	return out.Flush()
}
