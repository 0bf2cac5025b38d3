package quota

import (
	"context"
	"crypto/rand"
	"errors"
	"time"

	"github.com/rcptquota/rcptquota/quota/conf"
)

// MaxPeriod is the longest period of a window: counts are kept for that long.
const MaxPeriod = 31 * 24 * time.Hour

// CountKind is what a window counts.
type CountKind int

const (
	// Distinct, the zero value, counts each recipient reached in the period once.
	Distinct CountKind = iota
	// Copies counts every recipient of every message.
	Copies
)

// String returns the kind as the configuration writes it.
func (k CountKind) String() string {
	switch k {
	case Distinct:
		return "distinct"
	case Copies:
		return "copies"
	}
	return "unknown"
}

// UnmarshalText implements [encoding.TextUnmarshaler]. An empty text is the zero value.
func (k *CountKind) UnmarshalText(text []byte) error {
	i, err := conf.Word(text, Distinct.String(), Copies.String())
	*k = CountKind(i)
	return err
}

// Window is a rolling period over which a sender's recipients are counted
// across messages and relays. At any moment T, what was reached in (T-Per, T]
// is at most Recipients.
type Window struct {
	Per        time.Duration
	Recipients int // at least 1
	Count      CountKind
	// Exceeded is Defer or Refuse: what becomes of a message that will fit later. Or it is
	// Hold, also for one that will never fit.
	Exceeded Action
}

func (w WindowConfig) compile(key string) (Window, error) {
	window := Window{Per: w.Per.Duration, Recipients: w.Recipients, Exceeded: Defer}
	var errs []error
	if window.Per < time.Second || window.Per > MaxPeriod {
		errs = append(errs, conf.Errorf(key+".per", "%v is no period; write one from 1s to %v, as in \"1h\"", window.Per, MaxPeriod))
	}
	if w.Recipients < 1 || w.Recipients > MaxRecipients {
		errs = append(errs, conf.Errorf(key+".recipients",
			"%d is no limit; write how many recipients the period may hold, from 1 to %d", w.Recipients, MaxRecipients))
	}
	if err := window.Count.UnmarshalText([]byte(w.Count)); err != nil {
		errs = append(errs, conf.Errorf(key+".count", "%v", err))
	}
	exceeded, err := conf.Word([]byte(w.Exceeded), "defer", "refuse", "hold")
	if err != nil {
		errs = append(errs, conf.Errorf(key+".exceeded", "%v", err))
	}
	window.Exceeded = [...]Action{Defer, Refuse, Hold}[exceeded]
	return window, errors.Join(errs...)
}

// exceededBy is what becomes of a message that will fit later. Without the end of the
// message, where it would be put on hold, it is deferred.
func (w *Window) exceededBy(m *Message) Action {
	if w.Exceeded == Hold && m.NoEnd {
		return Defer
	}
	return w.Exceeded
}

// neverHolds is what becomes of a message that is larger than the window: waiting is no use.
func (w *Window) neverHolds(m *Message) Action {
	if w.Exceeded == Hold && !m.NoEnd {
		return Hold
	}
	return Refuse
}

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
func (p *Policy) checkWindows(ctx context.Context, m *Message, c *classification, recipients *counted) windowCheck {
	n := recipients.n
	if c.class == nil || len(c.class.Limits.Windows) == 0 || n == 0 {
		return windowCheck{}
	}
	certain := p.rules.certain(c)
	windows := c.grant.raised(c.class.Limits.Windows)
	if w, never := neverFits(windows, n); never {
		switch {
		case c.grant.err != nil: // a grant may allow it
			return windowCheck{action: enforced(Defer, c.class.Enforce), reason: StoreUnavailable, err: c.grant.err}
		case !certain:
			return windowCheck{action: enforced(Defer, c.class.Enforce), reason: DirectoryUnavailable}
		}
		return windowCheck{action: enforced(w.neverHolds(m), c.class.Enforce), reason: WindowLimit, window: w}
	}
	r := Reservation{
		Ticket:     Ticket{Sender: c.countedAs(), ID: rand.Text()},
		Windows:    windows,
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
	if certain && c.grant.err == nil {
		action = w.exceededBy(m)
	}
	return windowCheck{
		action: enforced(action, c.class.Enforce), reason: WindowLimit,
		window: w, used: count.Used, retryAt: count.RetryAt, err: count.Degraded,
	}
}

// neverFits finds a window that is smaller than the message, so that waiting is no use. One
// that refuses the message comes before one that holds it.
func neverFits(windows []Window, n int) (Window, bool) {
	var found Window
	for _, w := range windows {
		if n > w.Recipients && (found.Per == 0 || found.Exceeded == Hold && w.Exceeded != Hold) {
			found = w
		}
	}
	return found, found.Per > 0
}
