package local

import (
	"context"
	"slices"
	"time"

	"github.com/rcptquota/rcptquota/quota"
	"github.com/rcptquota/rcptquota/quota/counter/underway"
	"github.com/rcptquota/rcptquota/quota/counter/usage"
)

// Usage tells how much of the windows a sender has used, and counts nothing. Without
// windows, they are those of the sender's last message; none if it came before the last
// start. The period of each is divided into so many parts, at most [usage.MostParts],
// for [usage.Window.Frees]; with 0 these are left out. While nothing can be saved, the
// answer is degraded. The error wraps [quota.ErrTooManyOpen].
func (l *Store) Usage(ctx context.Context, sender string, windows []quota.Window, parts int) (usage.Sender, error) {
	var u usage.Sender
	err := l.look(ctx, sender, func(t *tally) {
		if len(windows) == 0 {
			windows = t.windows
		}
		u = t.usedOf(time.Now().UnixMicro(), windows, parts)
	})
	u.Degraded = l.Unsaved()
	return u, err
}

// usedOf is how much of the windows is used at the time now, or right after.
func (t *tally) usedOf(now int64, windows []quota.Window, parts int) usage.Sender {
	t = t.asOf(now)
	at := max(now, t.Last+1)
	open := t.Open[after(t.Open, at-underway.Life.Microseconds()-1):]
	u := usage.Sender{At: time.UnixMicro(at), Open: len(open)}
	for _, w := range windows {
		u.Windows = append(u.Windows, t.used(at, w, parts, open))
	}
	return u
}

// used is how much of a window is used at the time now.
func (t *tally) used(now int64, w quota.Window, parts int, open []reservation) usage.Window {
	per := w.Per.Microseconds()
	since := now - per
	u := usage.Window{Window: w}
	last := int64(-1)
	hold := func(reached int64, n int) {
		u.Used += n
		if from, to := at(open, reached); from < to {
			u.Open += n
		}
		if parts == 0 {
			return
		}
		if part := (reached - since - 1) * int64(parts) / per; part != last {
			last = part
			u.Frees = append(u.Frees, usage.Freed{})
		}
		f := &u.Frees[len(u.Frees)-1]
		f.At = time.UnixMicro(reached + per)
		f.N += n
	}
	if w.Count == quota.Copies {
		for _, c := range t.Copies[after(t.Copies, since):] {
			hold(c.At, c.N)
		}
		return u
	}
	for _, r := range t.Reached[after(t.Reached, since):] {
		hold(r.At, 1)
	}
	return u
}

// asOf is the tally, or a copy of one whose times lie in the future, moved back to now.
func (t *tally) asOf(now int64) *tally {
	if t.Last > now+underway.ClockTolerance.Microseconds() {
		t = t.clone()
		t.moveBack(now)
	}
	return t
}

// clone returns a copy that can be changed.
func (t *tally) clone() *tally {
	c := *t
	c.Reached, c.Copies, c.Open = slices.Clone(t.Reached), slices.Clone(t.Copies), slices.Clone(t.Open)
	for i := range c.Open {
		c.Open[i].Replaced = slices.Clone(t.Open[i].Replaced)
	}
	return &c
}
