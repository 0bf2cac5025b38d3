package roster

import "time"

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
	ahead := (int(m.Day) - int(local.Weekday()) + 7) % 7
	next := m.on(local.Year(), local.Month(), local.Day()+ahead, location)
	if !next.After(t) {
		next = m.on(local.Year(), local.Month(), local.Day()+ahead+7, location)
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
	return s.Aside != nil && !s.Aside.LiesAhead(now) && s.Aside.covered().After(c.NextCutoff(s.covered()))
}
