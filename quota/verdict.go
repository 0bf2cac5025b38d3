package quota

import (
	"time"

	"github.com/rcptquota/rcptquota/quota/list"
	"github.com/rcptquota/rcptquota/quota/list/from"
)

// Action is what becomes of a message.
type Action int

const (
	// Defer, the zero value, asks the client to come back later (4xx). A verdict that
	// was never filled in delays mail, and neither bounces it nor lets it pass.
	Defer Action = iota
	// Accept lets the message go on.
	Accept
	// Refuse refuses the message permanently (5xx).
	Refuse
	// WouldRefuse lets the message go on because the rule is not enforced; the log says
	// which rule would have stopped it.
	WouldRefuse
	// Redirect lets the message go on, to the managers of a list instead of the list.
	Redirect
	// Hold lets Postfix take the message and put it on hold in its queue, where it stays
	// until an administrator releases or deletes it.
	Hold
)

// Passes reports whether Postfix is to take the message.
func (a Action) Passes() bool {
	return a == Accept || a == WouldRefuse || a == Redirect || a == Hold
}

// String returns the message of the log record.
func (a Action) String() string {
	switch a {
	case Defer:
		return "deferred"
	case Accept:
		return "accepted"
	case Refuse:
		return "refused"
	case WouldRefuse:
		return "would_refuse"
	case Redirect:
		return "redirected"
	case Hold:
		return "held"
	}
	return "unknown"
}

// Reason is the rule that decided.
type Reason int

const (
	// NoReason, the zero value: no rule stopped the message.
	NoReason Reason = iota
	// ExemptNetwork: the client is in an exempt network and is not counted.
	ExemptNetwork
	// Unauthenticated: there is no SASL login.
	Unauthenticated
	// MessageLimit: one message has more distinct recipients than the sender may reach.
	MessageLimit
	// DirectoryUnavailable: it cannot be known now whether the sender may reach so many
	// recipients, or post to a list.
	DirectoryUnavailable
	// WindowLimit: a rolling period has no room for the message.
	WindowLimit
	// Concurrency: the sender has too many messages under way at once.
	Concurrency
	// StoreUnavailable: the sender's windows, or what they have been granted, cannot be
	// read now.
	StoreUnavailable
	// ListPosting: the sender may not post to a list.
	ListPosting
	// ListFrom: the sender may post, but the message names another sender.
	ListFrom
	// ListAutomatic: a bounce or an automatic reply to a list.
	ListAutomatic
	// ListHeader: more header fields would have to be removed from a message to a list
	// domain than the MTA can be asked to.
	ListHeader
	// ListUnchecked: Postfix does not show the header, without which a list takes no
	// message.
	ListUnchecked
	// VisibleRecipients: the header fields To and Cc show too many addresses to everybody
	// who gets the message.
	VisibleRecipients
)

// StoppingReasons are those for which a message may be stopped, so that a decision record may
// have them.
func StoppingReasons() (all []Reason) {
	for r := Unauthenticated; r <= VisibleRecipients; r++ {
		all = append(all, r)
	}
	return all
}

// String returns the value of the log key "reason".
func (r Reason) String() string {
	switch r {
	case NoReason:
		return "none"
	case ExemptNetwork:
		return "exempt_network"
	case Unauthenticated:
		return "unauthenticated"
	case MessageLimit:
		return "message_limit"
	case DirectoryUnavailable:
		return "directory_unavailable"
	case WindowLimit:
		return "window"
	case Concurrency:
		return "concurrency"
	case StoreUnavailable:
		return "store_unavailable"
	case ListPosting:
		return "list_posting"
	case ListFrom:
		return "list_from"
	case ListAutomatic:
		return "list_automatic"
	case ListHeader:
		return "list_header"
	case ListUnchecked:
		return "list_unchecked"
	case VisibleRecipients:
		return "visible_recipients"
	}
	return "unknown"
}

// Verdict is the one decision on a message: what was decided, what the reply and the log
// record say, and what is left to do. It is built once and does not change.
type Verdict struct {
	Action Action
	Reason Reason
	// FromFault is what is wrong with the message's From, for the reason ListFrom.
	FromFault from.Fault
	Facts
	Due
}

// Facts are what the reply and the log record of a message say.
type Facts struct {
	// Sender is the login or, from a trusted submitter, the envelope sender; empty when
	// there is neither.
	Sender string
	// Class is the name of the sender's class; empty when the sender was not looked up.
	Class string
	// Premium reports whether the sender is premium.
	Premium bool
	// Unknown reports that the directory has no entry of the sender.
	Unknown bool
	// Recipients is the number of distinct recipients that count.
	Recipients int
	// Limit is the limit of one message or, for the reason WindowLimit, of the window, or,
	// where Visible is not 0, of the addresses that are visible; 0 when no limit applied.
	Limit int
	// Visible is how many addresses To and Cc show, where that is too many; 0 otherwise.
	Visible int
	// Granted is how much of Limit the sender has been granted for a while, on top of
	// their class.
	Granted int
	// Window is the window that has no room; zero otherwise.
	Window Window
	// Used is how many recipients Window holds.
	Used int
	// RetryAt is when all windows will have room for this message; zero when none is
	// full, and when the message alone exceeds the window.
	RetryAt time.Time
	// List is the address of the list that decided, or of the first one that the
	// message goes to; empty when there is none.
	List string
	// Moderated reports whether List has moderators, and so only they may post.
	Moderated bool
	// Members is the number that List counts as, where that alone exceeds Limit; 0
	// otherwise.
	Members int
	// Degraded reports that the directory or the shared counters could not be asked, so
	// that the verdict rests on what this relay knew.
	Degraded bool
	// Err is what went wrong in the directory or the store, for the log. The verdict is
	// valid all the same.
	Err error
}

// Due is what is left to do for a message that passes.
type Due struct {
	// Posting is what remains to be done at the end of a message to lists; nil: nothing.
	Posting *list.Posting
	// MayShow is how many addresses the header may show at the end of the message.
	MayShow VisibleLimit
	// Ticket names the reservation in the sender's windows, to be settled; zero when
	// nothing was reserved.
	Ticket Ticket
}

// NeedsHeader reports whether the message has to be judged by its header.
func (d *Due) NeedsHeader() bool { return d.Posting != nil || d.MayShow.Most > 0 }

// Together returns the verdict on the n recipients of one message in the inbound role,
// where each RCPT is judged by itself. before is the verdict on those answered earlier, and
// last that on the latest one, which passes. The record is about the last recipient that
// was not simply accepted; what is left to do is for all of them.
func Together(before, last *Verdict, n int) Verdict {
	told := before
	if n == 1 || last.Action != Accept {
		told = last
	}
	facts := told.Facts
	facts.Recipients = n
	return Verdict{
		Action: told.Action, Reason: told.Reason, FromFault: told.FromFault, Facts: facts,
		Due: Due{Posting: before.Posting.Merge(last.Posting)},
	}
}
