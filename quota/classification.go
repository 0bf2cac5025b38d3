package quota

import (
	"cmp"
	"context"
	"errors"
	"strings"
	"time"

	"github.com/rcptquota/rcptquota/quota/list"
)

// classification is what is known of a sender when a message is judged.
type classification struct {
	sender  string // as in origin
	id      string // the directory's name of the sender; empty when it is not known
	class   *Class // nil for a message that nobody is counted for
	premium bool
	named   bool  // the class names the login, so it is certain whatever the directory says
	unknown bool  // the directory has no entry of the sender
	sure    bool  // nothing about the sender is in doubt
	err     error // why something is in doubt, or what is wrong with the entry
	grant   granted
	// closesLists reports whether the rules of lists are enforced for the sender.
	closesLists bool
}

// classify asks the directory about the sender of a message: their class, and who they
// are to lists.
func (p *Policy) classify(ctx context.Context, o *origin, now time.Time) (classification, list.Poster) {
	r := p.rules
	switch {
	case o.sender == "":
		return classification{sure: true, closesLists: r.enforce}, list.Poster{}
	case o.null:
		return classification{sender: o.sender, class: r.base, sure: true, closesLists: r.base.Enforce}, list.Poster{}
	}
	sender, err := p.directory.Sender(ctx, o.sender)
	return p.classifySender(o.sender, &sender, err, now)
}

// classifySender is classify for a login, once the directory has answered.
func (p *Policy) classifySender(login string, sender *Sender, err error, now time.Time) (classification, list.Poster) {
	r := p.rules
	who := newPoster(sender, err, r.allEnforced || r.classNaming(login) != nil)
	c := r.classification(login, sender, err, &who)
	c.grant = p.granted(c.sender, c.id, c.sure || c.id != "", now)
	return c, who
}

// classification makes the classification of a login from the directory's answer. A
// sender about whom nothing is known now may be of an enforced class, so lists are closed
// to them if there is such a class.
func (r *Rules) classification(login string, sender *Sender, err error, who *list.Poster) classification {
	c := classification{sender: login, class: r.base}
	switch {
	case err == nil:
		c.id, c.err = sender.ID, cmp.Or(sender.Stale, sender.Doubt)
		c.class, c.premium = r.classOf(sender)
		c.sure = c.err == nil
	case errors.Is(err, ErrAbsent):
		c.unknown, c.sure = true, true
	case errors.Is(err, ErrAmbiguous):
		c.sure, c.err = true, err
	default:
		c.err = err
	}
	if class := r.classNaming(login); class != nil {
		c.class, c.named = class, true
	}
	mayBeEnforced := who.Err != nil && r.someEnforced && !c.named
	c.closesLists = c.class.Enforce || mayBeEnforced
	return c
}

// certain reports whether the limits of the sender's class may refuse a message for good. A
// named login may still have been granted more under a name that the directory cannot tell.
func (r *Rules) certain(c *classification) bool {
	return c.sure || c.named && c.grant.most == c.grant.n || r.baseWhenUnknown
}

// newPoster makes the poster from the directory's answer. A stale answer is treated as
// none, because people may have changed; enforced says that no other answer could take the
// sender out of the rules.
func newPoster(sender *Sender, err error, enforced bool) list.Poster {
	switch {
	case errors.Is(err, ErrAbsent), errors.Is(err, ErrAmbiguous):
		return list.Poster{}
	case err == nil && sender.Stale == nil:
		return list.Poster{ID: sender.ID, Addresses: sender.Addresses}
	case err == nil:
		err = sender.Stale
	}
	return list.Poster{Err: err, MayBeUnenforced: !enforced}
}

// classNaming finds the class that names a login; nil: none does. It comes before all
// others: who names a person means that person.
func (r *Rules) classNaming(login string) *Class { return r.logins[loginKey(login)] }

// loginKey is the form in which logins are compared: in whatever case they are written.
func loginKey(login string) string { return strings.ToLower(login) }

// classOf finds the class of a sender whose login no class names: premium, else the
// strictest that matches, else the default.
func (r *Rules) classOf(sender *Sender) (class *Class, premium bool) {
	if sender.Premium && r.premium != nil {
		return r.premium, true
	}
	for _, class := range r.classes {
		if class.Match.matches(sender) {
			return class, false
		}
	}
	return r.base, false
}

// enforced reports whether the limits of the sender's class are enforced.
func (c *classification) enforced() bool { return c.class != nil && c.class.Enforce }

// limit is how many recipients one message may have, by the class and what was granted.
func (c *classification) limit() int { return c.class.Limits.Recipients + c.grant.n }

// facts are what a verdict on a message to n recipients says about its sender.
func (c *classification) facts(n int) Facts {
	f := Facts{Sender: c.sender, Premium: c.premium, Unknown: c.unknown, Recipients: n, Degraded: !c.sure, Err: c.err}
	if c.class != nil {
		f.Class, f.Limit, f.Granted = c.class.Name, c.limit(), c.grant.n
	}
	return f
}
