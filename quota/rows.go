package quota

import "errors"

// The verdicts of the rows of the table, in its order. Each builds the whole verdict
// from what was found out, once.

// exempt is the verdict on a message from an exempt network.
func exempt(m *Message) Verdict {
	return Verdict{
		Action: Accept, Reason: ExemptNetwork,
		Facts: Facts{Sender: m.Login, Recipients: m.Recipients.Len()},
	}
}

// tooManyForAnyClass is the verdict on a message to more recipients than any class
// allows.
func tooManyForAnyClass(o *origin, highest int) Verdict {
	return Verdict{
		Action: Refuse, Reason: MessageLimit,
		Facts: Facts{Sender: o.sender, Recipients: o.recipients, Limit: highest},
	}
}

// unauthenticated is the verdict on a message that nobody answers for, where that is
// refused.
func unauthenticated(o *origin, enforce bool) Verdict {
	return Verdict{
		Action: enforced(Refuse, enforce), Reason: Unauthenticated,
		Facts: Facts{Recipients: o.recipients},
	}
}

// refusedByList is the verdict on a message that some list does not take.
func refusedByList(c *classification, lists *listDecision, n int) Verdict {
	return Verdict{
		Action: enforced(Refuse, c.closesLists), Reason: lists.refusal, FromFault: lists.fromFault,
		Facts: lists.facts(c.facts(n)),
	}
}

// overLimit is the verdict on a message over its sender's limit, refused or, where the
// limit is in doubt, deferred.
func overLimit(c *classification, lists *listDecision, recipients *counted, over limitCheck) Verdict {
	facts := c.facts(recipients.len())
	facts.Limit, facts.Err = over.limit, errors.Join(facts.Err, lists.faults)
	switch over.action {
	case Refuse:
		facts = recipients.facts(facts)
	case WouldRefuse:
		return Verdict{Action: over.action, Reason: over.reason, Facts: lists.first(facts), Due: Due{Posting: lists.posting}}
	}
	return Verdict{Action: over.action, Reason: over.reason, Facts: facts}
}

// listUnavailable is the verdict on a message to what may be a list, of which it cannot
// be known now who may post.
func listUnavailable(c *classification, lists *listDecision, n int) Verdict {
	facts := c.facts(n)
	facts.List, facts.Degraded = lists.unknown, true
	facts.Err = errors.Join(facts.Err, lists.faults)
	if facts.Err == nil || facts.Err.Error() != lists.err.Error() { // the same outage hits both searches
		facts.Err = errors.Join(facts.Err, lists.err)
	}
	return Verdict{Action: enforced(Defer, c.closesLists), Reason: DirectoryUnavailable, Facts: facts}
}

// outOfWindow is the verdict on a message that its sender's windows have no room for,
// or of which they cannot tell.
func outOfWindow(c *classification, lists *listDecision, recipients *counted, w *windowCheck) Verdict {
	facts := w.facts(lists.facts(c.facts(recipients.len())))
	switch {
	case w.reason == DirectoryUnavailable: // about the sender's class, and about no list
		facts.List, facts.Moderated = "", false
	case w.reason == WindowLimit && w.action == Refuse && w.retryAt.IsZero():
		facts = recipients.facts(facts)
	}
	if w.action == WouldRefuse {
		return Verdict{Action: w.action, Reason: w.reason, Facts: facts, Due: Due{Posting: lists.posting}}
	}
	return Verdict{Action: w.action, Reason: w.reason, Facts: facts}
}

// accepted is the verdict on a message that no row stops. One to a list that only
// passes on to its managers is redirected.
func accepted(c *classification, lists *listDecision, n int, reason Reason, w *windowCheck) Verdict {
	action := Accept
	if lists.redirects {
		action, reason = Redirect, ListPosting
	}
	return Verdict{
		Action: action, Reason: reason,
		Facts: w.facts(lists.facts(c.facts(n))),
		Due:   Due{Posting: lists.posting, Ticket: w.ticket},
	}
}

// first tells of the list that decided or, where none did, of the first one that the
// message goes to.
func (d *listDecision) first(f Facts) Facts {
	f.List, f.Moderated = d.list, d.moderated
	return f
}

// facts is first, with what the directory has wrong about the lists.
func (d *listDecision) facts(f Facts) Facts {
	f.Err = errors.Join(f.Err, d.faults)
	return d.first(f)
}

// facts tells of the window that has no room, and of an outage of the store.
func (w *windowCheck) facts(f Facts) Facts {
	if w.reason == WindowLimit {
		f.Limit, f.Window, f.Used, f.RetryAt = w.window.Recipients, w.window, w.used, w.retryAt
	}
	f.Degraded = f.Degraded || w.err != nil
	f.Err = errors.Join(f.Err, w.err)
	return f
}

// facts tells of a list that alone counts as more than the limit, if there is one.
func (c *counted) facts(f Facts) Facts {
	if p, n := c.above(f.Limit); p != nil {
		f.List, f.Moderated, f.Members = p.name, p.list.Moderated, n
	}
	return f
}
