package quota

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"strings"
)

// reserve counts an accepted message against the windows of its sender's class,
// and makes v the verdict of what they say. Windows of a class that may not be the
// sender's refuse nothing for good.
func (p *Policy) reserve(ctx context.Context, s classification, recipients *counted, v *Verdict) {
	class, windows := s.class, s.class.Limits.Windows
	certain := s.sure || p.rules.baseWhenUnknown
	for _, w := range windows {
		if v.Recipients <= w.Recipients {
			continue
		}
		if !certain {
			v.Action, v.Reason, v.List = enforced(Defer, class.Enforce), DirectoryUnavailable, "" // no list is in doubt
			return
		}
		// No waiting will make room.
		v.Action, v.Reason, v.Window, v.Limit = enforced(Refuse, class.Enforce), WindowLimit, w, w.Recipients
		return
	}
	r := Reservation{
		// A person is counted once, by whatever name they log in.
		Ticket:     Ticket{Sender: cmp.Or(s.id, strings.ToLower(v.Sender)), ID: rand.Text()},
		Windows:    windows,
		Keep:       p.rules.retention,
		Recipients: recipients.all,
		N:          v.Recipients,
	}
	c, err := p.counter.Reserve(ctx, &r)
	switch {
	case errors.Is(err, ErrTooManyOpen):
		v.Action, v.Reason = enforced(Defer, class.Enforce), Concurrency
		return
	case err != nil:
		v.Action, v.Reason, v.Degraded = enforced(Defer, class.Enforce), StoreUnavailable, true
		v.Err = errors.Join(v.Err, err)
		return
	}
	if c.Degraded != nil {
		v.Degraded = true
		v.Err = errors.Join(v.Err, c.Degraded)
	}
	if c.Exceeded < 0 {
		v.Ticket = r.Ticket
		return
	}
	w, action := windows[c.Exceeded], Defer
	if certain {
		action = windows[c.Exceeded].Exceeded
	}
	v.Action, v.Reason, v.Window, v.Limit = enforced(action, class.Enforce), WindowLimit, w, w.Recipients
	v.Used, v.RetryAt = c.Used, c.RetryAt
}
