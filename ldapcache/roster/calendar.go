package roster

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/pelletier/go-toml/v2/unstable"
)

// Calendar says when the roster is copied and when a copy takes effect.
type Calendar struct {
	cutoff, effect Moment
	location       *time.Location
}

// Local returns t on the calendar's clock.
func (c Calendar) Local(t time.Time) time.Time { return t.In(c.location) }

// LastCutoff is the latest cutoff that is not after now.
func (c Calendar) LastCutoff(now time.Time) time.Time {
	local := now.In(c.location)
	back := (int(local.Weekday()) - int(c.cutoff.Day) + 7) % 7
	last := c.cutoff.on(local.Year(), local.Month(), local.Day()-back, c.location)
	if last.After(now) {
		last = c.cutoff.on(local.Year(), local.Month(), local.Day()-back-7, c.location)
	}
	return last
}

// NextCutoff is the first cutoff after t.
func (c Calendar) NextCutoff(t time.Time) time.Time { return c.cutoff.after(t, c.location) }

// EffectOf is when the copy of a cutoff takes effect: the first such moment that
// is not before the cutoff.
func (c Calendar) EffectOf(cutoff time.Time) time.Time {
	return c.effect.after(cutoff.Add(-1), c.location)
}

// after is the moment's first time after t.
func (m Moment) after(t time.Time, location *time.Location) time.Time {
	local := t.In(location)
	days := (int(m.Day) - int(local.Weekday()) + 7) % 7
	next := m.on(local.Year(), local.Month(), local.Day()+days, location)
	if !next.After(t) {
		next = m.on(local.Year(), local.Month(), local.Day()+days+7, location)
	}
	return next
}

// due is the copy to take at now, still without designations; false when there is
// none to take.
func (c Calendar) due(s State, now time.Time) (Copy, bool) {
	due := Copy{Reason: FirstStart, Cutoff: c.LastCutoff(now), Taken: now, Effect: now}
	if s.Current == nil {
		return due, true
	}
	if !due.Cutoff.After(s.covered()) {
		return Copy{}, false
	}
	due.Reason = AtCutoff
	if effect := c.EffectOf(due.Cutoff); effect.After(now) {
		due.Effect = effect
	}
	return due, true
}

// Overdue reports whether the state lacks the copy of a past cutoff. It returns that
// cutoff, and from when on the state is in doubt for want of the copy.
func (c Calendar) Overdue(s State, now time.Time) (cutoff, doubt time.Time, overdue bool) {
	due, overdue := c.due(s, now)
	return due.Cutoff, c.sureUntil(s), overdue
}

// sureUntil is how long the state is what it should be: until the effect of the
// first cutoff of which it has no copy.
func (c Calendar) sureUntil(s State) time.Time {
	return c.EffectOf(c.NextCutoff(s.covered()))
}

// comesBack reports whether the state that was set aside was right after all, because
// the clock that judged it was behind and has been set right since. Then it no longer
// lies in the future, and more than one cutoff seems to have passed since the copy
// that replaced it.
func (c Calendar) comesBack(s State, now time.Time) bool {
	return s.Aside != nil && !s.Aside.InFuture(now) && s.Aside.covered().After(c.NextCutoff(s.covered()))
}

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
