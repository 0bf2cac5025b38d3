package maillog

import (
	"errors"
	"time"
)

// Clock dates the lines of one file. A traditional stamp, as in "Nov 25 16:32:01", has
// neither year nor zone. The first one of a file gets the newest year with which it is
// not later than the file was last written; from there on the year changes where the
// month falls back. So a file must not span more than a year.
type Clock struct {
	written  time.Time
	location *time.Location
	previous time.Time // zero at the start
	// Inferred reports whether a year was inferred.
	Inferred bool
}

// NewClock makes the clock of a file that was last written at that time, on a machine in
// that location.
func NewClock(written time.Time, location *time.Location) *Clock {
	return &Clock{written: written, location: location}
}

var (
	errDate  = errors.New("no such date")
	errAhead = errors.New("its time is later than its file; stamps without a year need files that do not span more than a year")
)

const (
	// tolerance is how far a file's time may lag behind its last line: a copy may have
	// another zone.
	tolerance = 25 * time.Hour
	halfYear  = 183 * 24 * time.Hour
)

// date gives a traditional stamp its year.
func (c *Clock) date(month time.Month, day, hour, minute, second, nanos int) (time.Time, error) {
	c.Inferred = true
	in := func(year int) time.Time {
		return time.Date(year, month, day, hour, minute, second, nanos, c.location)
	}
	valid := func(t time.Time) bool { return t.Day() == day }
	latest := c.written.Add(tolerance)
	year := latest.In(c.location).Year()
	if !c.previous.IsZero() {
		year = c.previous.Year()
		switch t := in(year); {
		case c.previous.Sub(t) > halfYear:
			year++
		case t.Sub(c.previous) > halfYear:
			year--
		}
		t := in(year)
		switch {
		case !valid(t):
			return t, errDate
		case t.After(latest):
			return t, errAhead
		}
		c.previous = t
		return t, nil
	}
	for range 9 { // 29 February may be eight years ago
		if t := in(year); valid(t) && !t.After(latest) {
			c.previous = t
			return t, nil
		}
		year--
	}
	return time.Time{}, errDate
}
