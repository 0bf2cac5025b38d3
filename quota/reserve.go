package quota

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"slices"
	"strings"
	"time"
)

// windowCheck is the outcome of counting a message against the windows of its sender's
// class. The zero value is that of a message that is not counted.
type windowCheck struct {
	action  Action
	reason  Reason // NoReason: the message fits
	window  Window // that has no room
	used    int
	retryAt time.Time
	ticket  Ticket // of the reservation
	err     error  // why the count is not that of all relays, or there is none
}

// checkWindows counts a message against all windows of its sender's class, or none. Where
// the class is in doubt, it refuses nothing permanently.
func (p *Policy) checkWindows(ctx context.Context, c *classification, recipients *counted) windowCheck {
	n := recipients.len()
	if c.class == nil || len(c.class.Limits.Windows) == 0 || n == 0 {
		return windowCheck{}
	}
	certain := c.sure || p.rules.baseWhenUnknown
	if w, never := neverFits(c.class.Limits.Windows, n); never {
		if !certain {
			return windowCheck{action: enforced(Defer, c.class.Enforce), reason: DirectoryUnavailable}
		}
		return windowCheck{action: enforced(Refuse, c.class.Enforce), reason: WindowLimit, window: w}
	}
	r := Reservation{
		// A person has one count under all of their logins.
		Ticket:     Ticket{Sender: cmp.Or(c.id, strings.ToLower(c.sender)), ID: rand.Text()},
		Windows:    c.class.Limits.Windows,
		Keep:       p.rules.retention,
		Recipients: recipients.all,
		N:          n,
	}
	count, err := p.counter.Reserve(ctx, &r)
	switch {
	case errors.Is(err, ErrTooManyOpen):
		return windowCheck{action: enforced(Defer, c.class.Enforce), reason: Concurrency}
	case err != nil:
		return windowCheck{action: enforced(Defer, c.class.Enforce), reason: StoreUnavailable, err: err}
	case count.Exceeded < 0:
		return windowCheck{ticket: r.Ticket, err: count.Degraded}
	}
	w, action := r.Windows[count.Exceeded], Defer
	if certain {
		action = w.Exceeded
	}
	return windowCheck{
		action: enforced(action, c.class.Enforce), reason: WindowLimit,
		window: w, used: count.Used, retryAt: count.RetryAt, err: count.Degraded,
	}
}

// neverFits finds a window that is smaller than the message, so that waiting is no use.
func neverFits(windows []Window, n int) (Window, bool) {
	i := slices.IndexFunc(windows, func(w Window) bool { return n > w.Recipients })
	if i < 0 {
		return Window{}, false
	}
	return windows[i], true
}
