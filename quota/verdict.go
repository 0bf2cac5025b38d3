package quota

import "time"

// Action is what becomes of a message.
type Action int

const (
	// Defer, the zero value, asks the client to come back later (4xx): a verdict
	// that was never filled in delays mail, and neither bounces nor passes it.
	Defer Action = iota
	// Accept lets the message go on.
	Accept
	// Refuse refuses the message for good (5xx).
	Refuse
	// WouldRefuse lets the message go on where rules are not enforced; the log
	// tells what they would have done.
	WouldRefuse
	// Redirect lets the message go on, but to the managers of a list instead of to
	// the list.
	Redirect
)

// Passes reports whether the message goes on.
func (a Action) Passes() bool { return a == Accept || a == WouldRefuse || a == Redirect }

// String returns the constant message of the log record.
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
	}
	return "unknown"
}

// Reason is the rule that decided.
type Reason int

const (
	// NoReason, the zero value: no rule stood in the way.
	NoReason Reason = iota
	// ExemptNetwork: the client is in an exempt network and is not counted.
	ExemptNetwork
	// Unauthenticated: there is no SASL login to count for.
	Unauthenticated
	// MessageLimit: more distinct recipients than the sender may reach with one
	// message.
	MessageLimit
	// DirectoryUnavailable: whether the sender may reach so many, or post to a list,
	// cannot be known now.
	DirectoryUnavailable
	// WindowLimit: a rolling period has no room for the message.
	WindowLimit
	// Concurrency: the sender has too many messages under way at once.
	Concurrency
	// StoreUnavailable: what the sender's windows hold cannot be known now.
	StoreUnavailable
	// ListPosting: the sender may not post to a list.
	ListPosting
	// ListFrom: the sender may, but the message says that it is from somebody else.
	ListFrom
	// ListAutomatic: a bounce or an automatic reply to a list.
	ListAutomatic
	// ListHeader: a message to a list domain has more fields that would have to be
	// removed than the MTA can be asked to.
	ListHeader
	// ListUnchecked: a list takes no message whose header nobody will see.
	ListUnchecked
)

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
	}
	return "unknown"
}

// Verdict is the one decision on a message: what was decided, what its reply and its
// log record tell, and what is left to do.
type Verdict struct {
	Action Action
	Reason Reason
	// FromFault is what is wrong with the message's From, for the reason ListFrom.
	FromFault FromFault
	Facts
	Due
}

// Facts are what the reply to a message and its log record tell.
type Facts struct {
	// Sender is who was judged: the login or, from a trusted submitter, the
	// envelope sender; empty when there is neither.
	Sender string
	// Class names the sender's class; empty when the sender was not classified.
	Class string
	// Premium reports whether the sender is a designated one.
	Premium bool
	// Unknown reports that the directory has no entry of the sender.
	Unknown bool
	// Recipients is the number of distinct recipients that count.
	Recipients int
	// Limit is the most recipients allowed, of one message or, with the reason
	// WindowLimit, of the window; 0 when no limit applied.
	Limit int
	// Window is the one that has no room; zero otherwise.
	Window Window
	// Used is how many recipients Window holds.
	Used int
	// RetryAt is when Window and all others will have room for this very
	// message; zero otherwise, and when the message alone exceeds the window.
	RetryAt time.Time
	// List is the address of the list that decided, or of the first one that the
	// message goes to; empty when there is none.
	List string
	// Moderated reports whether List has moderators, who then are the only ones
	// who may post.
	Moderated bool
	// Members is what List counts as, where that alone is more than Limit; 0 otherwise.
	Members int
	// Degraded reports that the directory, or the counters of all relays, could
	// not be asked, and that the verdict rests on what this relay knew.
	Degraded bool
	// Err is what went wrong on the way, for the log; the verdict holds all the
	// same.
	Err error
}

// Due is what is left to do for a message that passes.
type Due struct {
	// Posting is what remains to be done at the end of a message to lists, for the
	// recipients that were answered earlier, too; nil: nothing.
	Posting *Posting
	// Ticket names what was reserved in the sender's windows, to be settled; zero
	// when nothing was.
	Ticket Ticket
}
