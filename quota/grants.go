package quota

import (
	"cmp"
	"slices"
	"time"
)

// Grants says how many more recipients senders may reach for a while than their class
// allows, on top of the limit of a message and of every window. It is asked for every
// message by many goroutines at once, and answers from memory.
//
// The error of both methods says that a sender may have been given a grant that is not
// known here, so that nothing may be refused for good that such a grant would allow. The
// number is then the last known one.
type Grants interface {
	// Granted is how many more recipients a sender may reach at the moment now, up to
	// [MaxRecipients]; 0: none. The login is in any case; id is the directory's name of
	// the sender, so that a person profits under all of their logins, and may be empty.
	Granted(login, id string, now time.Time) (int, error)
	// MostGranted is a number that no sender has been granted more than.
	MostGranted(now time.Time) (int, error)
}

// granted is what a sender has been granted on top of their class. The zero value is
// nothing.
type granted struct {
	n int // as far as it is known
	// most is what it may be, where it depends on who the sender is and the directory does
	// not say; otherwise n.
	most int
	err  error // why there may be more that is not known here; nil: there is not
}

// WithGrants makes the policy ask for grants. It is called before the policy is used.
func (p *Policy) WithGrants(grants Grants) *Policy {
	p.grants = grants
	return p
}

// granted asks what a sender has been granted. Where known is false, the directory cannot
// say now who that is.
func (p *Policy) granted(login, id string, known bool, now time.Time) (g granted) {
	if p.grants == nil {
		return granted{}
	}
	g.n, g.err = p.grants.Granted(login, id, now)
	g.most = g.n
	if !known {
		most, err := p.grants.MostGranted(now)
		g.most, g.err = max(g.n, most), cmp.Or(g.err, err)
	}
	return g
}

// exceedsEveryLimit reports whether a message has too many recipients for any sender,
// whatever they have been granted, so that the directory need not be asked.
func (p *Policy) exceedsEveryLimit(o *origin, now time.Time) bool {
	if !p.rules.exceedsEveryClass(o) {
		return false
	}
	if p.grants == nil || o.sender == "" {
		return true
	}
	most, err := p.grants.MostGranted(now)
	return err == nil && o.recipients > p.rules.highest+most
}

// raised returns windows that hold more.
func (g *granted) raised(windows []Window) []Window {
	if g.n == 0 {
		return windows
	}
	windows = slices.Clone(windows)
	for i := range windows {
		windows[i].Recipients += g.n
	}
	return windows
}
