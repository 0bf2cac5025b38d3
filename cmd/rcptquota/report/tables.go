package report

import (
	"cmp"
	"errors"
	"fmt"
	"io"

	"github.com/rcptquota/rcptquota/cmd/rcptquota/bounded"
)

// end notes how a log ended.
func (s *Summary) end(err error) {
	if !errors.Is(err, io.EOF) {
		s.Trouble.Broken(err)
	}
}

// Table is one way to break the messages down.
type Table struct {
	// Name is what the rows are, as in "sender".
	Name string
	// Rows are in the order of their numbers, or of time.
	Rows []Row
	// Others are the messages of all names beyond [MaxNames]; nil: there are none.
	Others *Counts
	// Stopped reports whether only messages that were stopped are counted, since senders
	// and the like of others are too many.
	Stopped bool
	// Time reports whether the rows are in the order of time.
	Time bool
}

// Row is a row of a table.
type Row struct {
	Name   string
	Counts Counts
}

// counted are the actions that a table counts.
func (t *Table) counted() []Action {
	all := []Action{Refused, Deferred, WouldRefuse, Redirected, Held, Accepted}
	if t.Stopped {
		return all[:Accepted]
	}
	return all
}

// Tables returns the messages by reason, sender, list, class, day and hour, without the
// tables that have no rows.
func (s *Summary) Tables() []Table {
	hours := Table{Name: "hour", Time: true}
	for hour, counts := range s.hours {
		hours.Rows = append(hours.Rows, Row{fmt.Sprintf("%02d:00", hour), counts})
	}
	if s.Total.All() == 0 {
		hours.Rows = nil
	}
	days := table("day", s.days, func(_, _ *Counts) int { return 0 }) // then by name
	days.Time = true
	var tables []Table
	for _, t := range []Table{
		stopped("reason", s.reasons), stopped("sender", s.senders), stopped("list", s.lists),
		table("class", s.classes, byStopped), days, hours,
	} {
		if len(t.Rows) > 0 {
			tables = append(tables, t)
		}
	}
	return tables
}

func byStopped(a, b *Counts) int {
	return cmp.Or(cmp.Compare(a.Stopped(), b.Stopped()), cmp.Compare(a.All(), b.All()))
}

func stopped(name string, m *bounded.Map[Counts]) Table {
	t := table(name, m, byStopped)
	t.Stopped = true
	return t
}

func table(name string, m *bounded.Map[Counts], compare func(a, b *Counts) int) Table {
	t := Table{Name: name}
	for _, e := range m.Sorted(compare) {
		t.Rows = append(t.Rows, Row{e.Name, *e.Value})
	}
	if m.Full() {
		t.Others = &m.Others
	}
	return t
}

// Most is the greatest number of stopped messages of a row.
func (t *Table) Most() (most int) {
	for i := range t.Rows {
		most = max(most, t.Rows[i].Counts.Stopped())
	}
	return most
}

// used are the actions that some message has, Accepted last; of a table, those that it
// counts.
func (s *Summary) used(t *Table) []Action {
	var used []Action
	for a := range actions {
		if s.Total[a] > 0 && (t == nil || !t.Stopped || a != Accepted) {
			used = append(used, a)
		}
	}
	return used
}

// approximate tells what a table lumps together; empty: nothing.
func (t *Table) approximate() string {
	if t.Others == nil {
		return ""
	}
	return fmt.Sprintf("There are more than %d names; those that came after them are counted together: %d messages.", MaxNames, t.Others.All())
}
