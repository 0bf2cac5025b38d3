package quota

import "errors"

// The verdicts of the rows of the table, in its order. Each function builds the whole
// verdict, once.

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

// unauthenticated is the verdict on a message without a login, where that is refused.
func unauthenticated(o *origin, enforce bool) Verdict {
	return Verdict{
		Action: enforced(Refuse, enforce), Reason: Unauthenticated,
		Facts: Facts{Recipients: o.recipients},
	}
}

// refusedByList is the verdict on a message that a list does not accept.
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
	if over.action == WouldRefuse {
		return Verdict{Action: over.action, Reason: over.reason, Facts: lists.first(facts), Due: Due{Posting: lists.posting}}
	}
	if over.action == Refuse {
		facts = recipients.facts(facts)
	}
	return Verdict{Action: over.action, Reason: over.reason, Facts: facts}
}

// listUnavailable is the verdict on a message to an address that may be a list, while it
// cannot be known whether the sender may post.
func listUnavailable(c *classification, lists *listDecision, n int) Verdict {
	facts := c.facts(n)
	facts.List, facts.Degraded = lists.unknown, true
	facts.Err = errors.Join(facts.Err, lists.faults)
	if facts.Err == nil || facts.Err.Error() != lists.err.Error() { // the same outage hits both searches
		facts.Err = errors.Join(facts.Err, lists.err)
	}
	return Verdict{Action: enforced(Defer, c.closesLists), Reason: DirectoryUnavailable, Facts: facts}
}

// outOfWindow is the verdict on a message for which its sender's windows have no room, or
// cannot be read.
func outOfWindow(c *classification, lists *listDecision, recipients *counted, w *windowCheck) Verdict {
	facts := w.facts(lists.facts(c.facts(recipients.len())))
	switch {
	case w.reason == DirectoryUnavailable: // because of the sender's class, not of a list
		facts.List, facts.Moderated = "", false
	case w.reason == WindowLimit && w.action == Refuse && w.retryAt.IsZero():
		facts = recipients.facts(facts)
	}
	if w.action == WouldRefuse {
		return Verdict{Action: w.action, Reason: w.reason, Facts: facts, Due: Due{Posting: lists.posting}}
	}
	return Verdict{Action: w.action, Reason: w.reason, Facts: facts}
}

// accepted is the verdict on a message that no row stops. If a list passes it on to its
// managers, it is redirected.
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

// first adds the list that decided or, where none did, the first one that the message goes
// to.
func (d *listDecision) first(f Facts) Facts {
	f.List, f.Moderated = d.list, d.moderated
	return f
}

// facts adds the same, and the directory's mistakes about the lists.
func (d *listDecision) facts(f Facts) Facts {
	f.Err = errors.Join(f.Err, d.faults)
	return d.first(f)
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
	if p, n := c.above(f.Limit); p != nil {
		f.List, f.Moderated, f.Members = p.name, p.list.Moderated, n
	}
	return f
}
