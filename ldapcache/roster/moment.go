package roster

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/pelletier/go-toml/v2/unstable"
)

// Moment is a moment of every week on a local clock, as a file writes it:
// "Wed 10:00", or with seconds "Wed 10:00:30". The zero Moment is "Sun 00:00".
type Moment struct {
	Day                  time.Weekday
	Hour, Minute, Second int
}

var (
	weekdays   = []string{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"}
	momentForm = regexp.MustCompile(`^(?i)(` + strings.Join(weekdays, "|") + `) ([01]\d|2[0-3]):([0-5]\d)(?::([0-5]\d))?$`)
)

// String returns the moment as a file writes it.
func (m Moment) String() string {
	text := fmt.Sprintf("%s %02d:%02d", weekdays[m.Day], m.Hour, m.Minute)
	if m.Second != 0 {
		text += fmt.Sprintf(":%02d", m.Second)
	}
	return text
}

// UnmarshalText implements [encoding.TextUnmarshaler].
func (m *Moment) UnmarshalText(text []byte) error {
	parts := momentForm.FindSubmatch(text)
	if parts == nil {
		return unstable.NewParserError(text, `%q is no moment of the week; write the day in English and the time, as in "Wed 10:00"`, text)
	}
	for day, name := range weekdays {
		if strings.EqualFold(name, string(parts[1])) {
			m.Day = time.Weekday(day)
		}
	}
	// They are digits; no seconds are none.
	m.Hour, _ = strconv.Atoi(string(parts[2]))
	m.Minute, _ = strconv.Atoi(string(parts[3]))
	m.Second, _ = strconv.Atoi(string(parts[4]))
	return nil
}

// on returns the moment's time on a date of the location; days that the month
// does not have belong to its neighbours. A time that the clocks skip (summer time
// begins) is when they do so; of one that comes twice (summer time ends), the first.
func (m Moment) on(year int, month time.Month, day int, location *time.Location) time.Time {
	t := time.Date(year, month, day, m.Hour, m.Minute, m.Second, 0, location)
	from, until := t.ZoneBounds()
	wall := time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), 0, time.UTC)
	switch skipped := wall.Compare(time.Date(year, month, day, m.Hour, m.Minute, m.Second, 0, time.UTC)); {
	case skipped > 0: // by the clock of before, it is already after
		return from
	case skipped < 0: // by the clock of after, it is still before
		return until
	case from.IsZero():
		return t
	}
	_, offset := t.Zone()
	_, before := from.Add(-1).Zone()
	if first := t.Add(time.Duration(offset-before) * time.Second); before > offset && first.Before(from) {
		return first
	}
	return t
}
