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

// windowCheck is what becomes of a message by the windows of its sender's class. The
// zero value is that of a message without windows to be counted against.
type windowCheck struct {
	action  Action
	reason  Reason // NoReason: there is room
	window  Window // that has none
	used    int
	retryAt time.Time
	ticket  Ticket // of what is reserved
	err     error  // why the count is not that of all relays
}

// checkWindows counts a message against the windows of its sender's class, all of them
// or none. A window of a class that may not be the sender's refuses nothing for good.
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

// neverFits finds a window that is smaller than the message: no waiting will make room
// in it.
func neverFits(windows []Window, n int) (Window, bool) {
	i := slices.IndexFunc(windows, func(w Window) bool { return n > w.Recipients })
	if i < 0 {
		return Window{}, false
	}
	return windows[i], true
}
