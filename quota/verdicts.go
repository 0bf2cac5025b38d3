package quota

import (
	"errors"
	"time"

	"github.com/rcptquota/rcptquota/quota/list"
	"github.com/rcptquota/rcptquota/quota/list/from"
)

// The verdicts, in the order in which [Policy.Judge] comes to them. Each function builds
// the whole verdict, once.

// exempt is the verdict on a message from an exempt network.
func exempt(m *Message) Verdict {
	return Verdict{
		Action: Accept, Reason: ExemptNetwork,
		Facts: Facts{Sender: m.Login, Recipients: m.Recipients.Len()},
	}
}

// tooManyForAnyClass is the verdict on a message to more recipients than any class
// allows.
func tooManyForAnyClass(o *origin, highest, granted int) Verdict {
	return Verdict{
		Action: Refuse, Reason: MessageLimit,
		Facts: Facts{Sender: o.sender, Recipients: o.recipients, Limit: highest + granted, Granted: granted},
	}
}

// unauthenticated is the verdict on a message without a login, where that is refused.
func unauthenticated(o *origin, enforce bool) Verdict {
	return Verdict{
		Action: enforced(Refuse, enforce), Reason: Unauthenticated,
		Facts: Facts{Recipients: o.recipients},
	}
}

// refusedByList is the verdict on a message that a list does not accept.
func refusedByList(c *classification, lists *list.Decision, n int) Verdict {
	return Verdict{
		Action: enforced(Refuse, c.closesLists), Reason: reasonOf(lists.Refusal), FromFault: lists.Fault,
		Facts: c.facts(n).withLists(lists),
	}
}

// overLimit is the verdict on a message over its sender's limit, refused or, where the
// limit is in doubt, deferred.
func overLimit(c *classification, lists *list.Decision, recipients *counted, over limitCheck) Verdict {
	facts := c.facts(recipients.n)
	facts.Limit, facts.Err = over.limit, errors.Join(facts.Err, lists.Faults, over.err)
	facts.Degraded = facts.Degraded || over.err != nil
	if over.action == WouldRefuse {
		return Verdict{Action: over.action, Reason: over.reason, Facts: facts.withList(lists), Due: Due{Posting: lists.Posting}}
	}
	if over.action == Refuse {
		facts = recipients.facts(facts)
	}
	return Verdict{Action: over.action, Reason: over.reason, Facts: facts}
}

// listUnavailable is the verdict on a message to an address that may be a list, while it
// cannot be known whether the sender may post.
func listUnavailable(c *classification, lists *list.Decision, n int) Verdict {
	facts := c.facts(n)
	facts.List, facts.Degraded = lists.Unknown, true
	facts.Err = errors.Join(facts.Err, lists.Faults)
	if facts.Err == nil || facts.Err.Error() != lists.Err.Error() { // the same outage hits both searches
		facts.Err = errors.Join(facts.Err, lists.Err)
	}
	return Verdict{Action: enforced(Defer, c.closesLists), Reason: DirectoryUnavailable, Facts: facts}
}

// outOfWindow is the verdict on a message for which its sender's windows have no room, or
// cannot be read. One that is put on hold is not counted.
func outOfWindow(c *classification, lists *list.Decision, recipients *counted, w *windowCheck, show VisibleLimit) Verdict {
	facts := w.facts(c.facts(recipients.n).withLists(lists))
	switch {
	case w.reason == DirectoryUnavailable: // because of the sender's class, not of a list
		facts.List, facts.Moderated = "", false
	case w.reason == WindowLimit && w.action == Refuse && w.retryAt.IsZero():
		facts = recipients.facts(facts)
	}
	if w.action == WouldRefuse {
		return Verdict{Action: w.action, Reason: w.reason, Facts: facts, Due: Due{Posting: lists.Posting}}
	}
	if w.action == Hold { // once released, it goes out as it is then
		return Verdict{Action: w.action, Reason: w.reason, Facts: facts, Due: Due{Posting: lists.Posting, MayShow: show}}
	}
	return Verdict{Action: w.action, Reason: w.reason, Facts: facts}
}

// accepted is the verdict on a message that no rule stops. If a list passes it on to its
// managers, it is redirected.
func accepted(c *classification, lists *list.Decision, n int, reason Reason, w *windowCheck, show VisibleLimit) Verdict {
	action := Accept
	if lists.Redirects {
		action, reason = Redirect, ListPosting
	}
	return Verdict{
		Action: action, Reason: reason,
		Facts: w.facts(c.facts(n).withLists(lists)),
		Due:   Due{Posting: lists.Posting, MayShow: show, Ticket: w.ticket},
	}
}

// refusedByHeader is the verdict on a message to lists that v let pass, and whose header is
// refused.
func refusedByHeader(v *Verdict, refusal list.Refusal, fault from.Fault) Verdict {
	facts := v.withoutWindow()
	facts.List, facts.Moderated = v.Posting.List, v.Posting.Moderated
	return Verdict{Action: enforced(Refuse, v.Posting.Enforced), Reason: reasonOf(refusal), FromFault: fault, Facts: facts, Due: v.Due}
}

// showsTooMany is the verdict on a message that v let pass, and that shows n addresses to
// everybody. What is due is that of a message that goes on all the same.
func showsTooMany(v *Verdict, n int, due Due) Verdict {
	facts := v.withoutWindow()
	facts.Visible, facts.Limit, facts.Granted = n, v.MayShow.Most, 0
	if v.MayShow.Reason == DirectoryUnavailable { // because of the sender's class, not of a list
		facts.List, facts.Moderated = "", false
	}
	return Verdict{Action: v.MayShow.Action, Reason: v.MayShow.Reason, Facts: facts, Due: due}
}

// reasonOf is the reason of a message that a list refuses.
func reasonOf(refusal list.Refusal) Reason {
	switch refusal {
	case list.NotRefused:
	case list.MayNotPost:
		return ListPosting
	case list.OtherSender:
		return ListFrom
	case list.Automatic:
		return ListAutomatic
	case list.TooManyFields:
		return ListHeader
	case list.Unchecked:
		return ListUnchecked
	}
	return NoReason
}

// withList adds the list that decided or, where none did, the first one that the message
// goes to.
func (f Facts) withList(d *list.Decision) Facts {
	f.List, f.Moderated = d.List, d.Moderated
	return f
}

// withLists adds the same, and the directory's mistakes about the lists.
func (f Facts) withLists(d *list.Decision) Facts {
	f.Err = errors.Join(f.Err, d.Faults)
	return f.withList(d)
}

// withoutWindow leaves out the window for which a message would have been put on hold.
func (f Facts) withoutWindow() Facts {
	if f.Window.Per > 0 {
		f.Limit, f.Granted, f.Window, f.Used, f.RetryAt = 0, 0, Window{}, 0, time.Time{}
	}
	return f
}

// facts adds the window that has no room, and an outage of the store.
func (w *windowCheck) facts(f Facts) Facts {
	if w.reason == WindowLimit {
		f.Limit, f.Window, f.Used, f.RetryAt = w.window.Recipients, w.window, w.used, w.retryAt
	}
	f.Degraded = f.Degraded || w.err != nil
	f.Err = errors.Join(f.Err, w.err)
	return f
}

// facts adds a list that alone counts for more than the limit, if there is one.
func (c *counted) facts(f Facts) Facts {
	if long, n := c.above(f.Limit); long != nil {
		f.List, f.Moderated, f.Members = long.Name, long.Moderated, n
	}
	return f
}
