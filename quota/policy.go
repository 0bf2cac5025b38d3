package quota

import (
	"context"
	"time"

	"github.com/rcptquota/rcptquota/quota/list"
)

// Policy decides about messages by one site's rules. It is safe for use by many
// goroutines at once.
type Policy struct {
	rules     *Rules
	directory Directory
	counter   Counter
	grants    Grants // nil: there are none
}

// NewPolicy makes the policy of compiled rules. The counter may be nil where no class
// has windows ([Rules.HasWindows]).
func NewPolicy(rules *Rules, directory Directory, counter Counter) *Policy {
	return &Policy{rules: rules, directory: directory, counter: counter}
}

// maxLookups is the most addresses that may be lists for which the limit is not checked
// first. Of a message over the limit the answers could only change the reason, so it costs
// at most this many list lookups, and any other at most its sender's limit.
const maxLookups = 100

// Judge gives the one verdict on a message. It does not fail: what could not be known is
// in the verdict. The caller ends the reservation of the verdict's ticket, if there is
// one, with [Policy.Settle].
//
// The rules follow in their order, and the first that applies decides. A rule that is not
// enforced does not stop a message, so an enforced rule after it still decides. A redirect
// does not end the order: it is a way in which an accepted message goes on.
func (p *Policy) Judge(ctx context.Context, m *Message) Verdict {
	r := p.rules
	if r.exemptNetworks.contains(m.Client) {
		return exempt(m)
	}
	o, now := r.originOf(m), time.Now()
	if p.exceedsEveryLimit(&o, now) {
		return tooManyForAnyClass(&o, r.highest, p.granted(o.sender, "", true, now).n)
	}
	if o.unauthenticated() && r.refuseUnauthenticated {
		return unauthenticated(&o, r.enforce)
	}
	c, who := p.classify(ctx, &o, now)
	candidates := r.lists.Candidates(m.Recipients.All())
	if candidates.Len() > maxLookups {
		over := r.checkLimit(&c, o.recipients)
		if over.exceeded() && (c.enforced() || !c.closesLists) {
			return overLimit(&c, &list.Decision{}, &counted{n: o.recipients}, over)
		}
	}
	found := r.lists.Find(ctx, p.directory, &candidates)
	lists := list.Decide(&who, &found, m.toLists(), c.closesLists)
	recipients := r.count(m, &o, &lists)
	if lists.Refusal != list.NotRefused {
		return refusedByList(&c, &lists, recipients.n)
	}
	over := r.checkLimit(&c, recipients.n)
	if over.exceeded() && (c.enforced() || !lists.Defers()) {
		return overLimit(&c, &lists, &recipients, over)
	}
	if lists.Unknown != "" {
		return listUnavailable(&c, &lists, recipients.n)
	}
	windows, show := p.checkWindows(ctx, m, &c, &recipients), r.mayShow(&c, m)
	if windows.reason != NoReason {
		return outOfWindow(&c, &lists, &recipients, &windows, show)
	}
	return accepted(&c, &lists, recipients.n, o.acceptedBecause(), &windows, show)
}

// JudgeHeader gives the verdict on a message that v let pass, now that its header is
// known, in the order of the rules: the same verdict with what remains to be done, or one
// that stops a message to lists, or one that shows too many addresses. It changes neither v
// nor h, and does not settle the reservation.
func (p *Policy) JudgeHeader(v *Verdict, h *Header) Verdict {
	due := v.Due
	if v.Posting != nil {
		posting, refusal, fault := v.Posting.JudgeHeader(&h.Header, v.Sender)
		if refusal != list.NotRefused {
			return refusedByHeader(v, refusal, fault)
		}
		due.Posting = posting
	}
	if v.MayShow.exceededBy(h) {
		return showsTooMany(v, h.Visible.Len(), due)
	}
	return Verdict{Action: v.Action, Reason: v.Reason, FromFault: v.FromFault, Facts: v.Facts, Due: due}
}

// Settle ends the reservation of a message, once: it is committed and counts, or released
// and costs nothing.
func (p *Policy) Settle(ctx context.Context, t Ticket, committed bool) error {
	return p.counter.Settle(ctx, t, committed)
}
