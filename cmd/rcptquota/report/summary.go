package report

import (
	"cmp"
	"errors"
	"time"

	"github.com/rcptquota/rcptquota/cmd/rcptquota/bounded"
	"github.com/rcptquota/rcptquota/cmd/rcptquota/logfile"
	"github.com/rcptquota/rcptquota/quota/history"
)

// MaxNames is how many senders, lists, classes or days are counted each for itself.
const MaxNames = 100_000

// Counts are numbers of messages, by what became of them.
type Counts [actions]int

// Stopped is how many messages did not go to whom they were meant for, or would not have.
func (c *Counts) Stopped() int {
	return c[Refused] + c[Deferred] + c[WouldRefuse] + c[Redirected] + c[Held]
}

// All is how many messages there are.
func (c *Counts) All() int { return c.Stopped() + c[Accepted] }

// Summary adds up records. Make it with [New].
type Summary struct {
	// Since and Until bound the records that count; the zero time is no bound.
	Since, Until time.Time
	// First and Last are the times of the first and the last record.
	First, Last time.Time
	Total       Counts
	// Recipients is how many recipients the messages had.
	Recipients int
	// Decisions reports that the records are decision records, of which accepted messages
	// have none.
	Decisions bool
	// Outside is how many messages are not between Since and Until.
	Outside int
	// Other is how many lines are no records of messages.
	Other int
	// Trouble is what could not be read.
	Trouble logfile.Trouble

	location *time.Location
	hours    [24]Counts
	days     *bounded.Map[Counts] // by date
	classes  *bounded.Map[Counts]
	reasons  *bounded.Map[Counts]
	// Of senders and lists, only the messages that were stopped.
	senders *bounded.Map[Counts]
	lists   *bounded.Map[Counts]
}

// New makes a summary of no records, whose days and hours are those of a location.
func New(location *time.Location) *Summary {
	return &Summary{
		location: location,
		days:     bounded.New[Counts](MaxNames),
		classes:  bounded.New[Counts](MaxNames),
		reasons:  bounded.New[Counts](MaxNames),
		senders:  bounded.New[Counts](MaxNames),
		lists:    bounded.New[Counts](MaxNames),
	}
}

// noName stands for a record that does not say.
const noName = "(none)"

// Add counts a record.
func (s *Summary) Add(r *Record) { s.add(r, 1) }

// add counts n messages, of which the recipients are all in the record.
func (s *Summary) add(r *Record, n int) {
	if !s.Since.IsZero() && r.Time.Before(s.Since) || !s.Until.IsZero() && !r.Time.Before(s.Until) {
		s.Outside += n
		return
	}
	if s.First.IsZero() || r.Time.Before(s.First) {
		s.First = r.Time
	}
	if r.Time.After(s.Last) {
		s.Last = r.Time
	}
	s.Total[r.Action] += n
	s.Recipients += r.Recipients
	local := r.Time.In(s.location)
	var day [10]byte
	s.days.At(string(local.AppendFormat(day[:0], time.DateOnly)))[r.Action] += n
	s.hours[local.Hour()][r.Action] += n
	s.classes.At(cmp.Or(r.Class, noName))[r.Action] += n
	if r.Action == Accepted {
		return
	}
	s.reasons.At(cmp.Or(r.Reason, noName))[r.Action] += n
	s.senders.At(cmp.Or(r.Sender, noName))[r.Action] += n
	if r.List != "" {
		s.lists.At(r.List)[r.Action] += n
	}
}

// AddDecision counts a decision record.
func (s *Summary) AddDecision(d *history.Record) {
	action, ok := actionOf(d.Action)
	if !ok { // of a later version
		s.Other++
		return
	}
	r := Record{
		Time: d.Time, Action: action, Reason: d.Reason, Sender: d.Sender, Class: d.Class, List: d.List,
		Recipients: d.Recipients + d.Unrecorded.Recipients,
	}
	s.add(&r, 1+d.Unrecorded.Messages)
}

// Read counts the records of a log, and closes it.
func (s *Summary) Read(f *logfile.File) {
	defer f.Close()
	for {
		line, end := f.Next()
		if end != nil {
			s.end(end)
			return
		}
		switch r, err := ParseLine(line); {
		case errors.Is(err, ErrOther):
			s.Other++
		case err == nil:
			s.Add(&r)
		default:
			s.Trouble.Bad(f, err)
		}
	}
}
