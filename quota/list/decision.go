package list

import (
	"errors"
	"slices"

	"github.com/rcptquota/rcptquota/quota/list/from"
	"github.com/rcptquota/rcptquota/quota/mailaddr"
)

// MaxRemovals is how many addresses redirects may remove from the envelope of one message.
// A message that needs more is refused: the MTA reads the whole message for each of them.
const MaxRemovals = 100

// errHeaderUnseen is why a post has to wait.
var errHeaderUnseen = errors.New("lists were configured after this connection was made, so that it does not show the header; a new one does")

// Refusal is why a list refuses a message.
type Refusal int

const (
	// NotRefused, the zero value: no list refuses the message.
	NotRefused Refusal = iota
	// MayNotPost: the sender may not post.
	MayNotPost
	// OtherSender: the sender may post, but the message names another sender.
	OtherSender
	// Automatic: it is a bounce or an automatic reply.
	Automatic
	// TooManyFields: more header fields would have to be removed than the MTA can be
	// asked to.
	TooManyFields
	// Unchecked: the header is not shown, without which a list takes no message.
	Unchecked
)

// String names the refusal in one word.
func (r Refusal) String() string {
	switch r {
	case NotRefused:
		return "none"
	case MayNotPost:
		return "posting"
	case OtherSender:
		return "from"
	case Automatic:
		return "automatic"
	case TooManyFields:
		return "header"
	case Unchecked:
		return "unchecked"
	}
	return "unknown"
}

// Decision is the outcome of the rules of lists for one message. The zero value is for a
// message that has no recipient in a list domain.
type Decision struct {
	// Refusal is why a list refuses the message, and Fault what is wrong with the sender
	// that the message names.
	Refusal Refusal
	Fault   from.Fault
	// List is the one that refuses, or the first one; Moderated is whether it has
	// moderators.
	List      string
	Moderated bool
	// Unknown is a list, or its domain, to which it cannot be known now whether the sender
	// may post, because of Err. Empty when there is none.
	Unknown string
	Err     error
	// Faults are the directory's mistakes about the lists.
	Faults error
	// Redirects reports that a list passes the message on to its managers.
	Redirects bool
	// Posting is what remains to be done if the message passes; nil: nothing, because no
	// recipient is in a list domain or the end of the message is not shown.
	Posting *Posting
	// Weighed are the lists that count as their members. A list that is redirected counts
	// as one.
	Weighed []Recipient

	enforced bool
}

// Defers reports whether the message has to wait until the directory can answer.
func (d *Decision) Defers() bool { return d.Unknown != "" && d.enforced }

// Decide applies the rules of lists to a message from who; enforce is false where they are
// only logged. A certain refusal comes before what cannot be known.
func Decide(who *Poster, found *Found, m *Message, enforce bool) Decision {
	if !found.inDomain {
		return Decision{}
	}
	d := Decision{Unknown: found.unknown, Err: found.err, enforced: enforce}
	posting := Posting{Enforced: enforce}
	removals := m.removals()
	for i := range found.lists {
		r := &found.lists[i]
		one := r.decide(who, m, enforce)
		d.Faults = errors.Join(d.Faults, r.Fault)
		if one.refusal != NotRefused {
			return d.refusedBy(r, &one, found.lists[i:])
		}
		if one.redirects() {
			d.Redirects = true
			removals += m.removalsFor(r.Address)
		} else {
			d.Weighed = weigh(d.Weighed, r)
		}
		if removals <= MaxRemovals { // more than Postfix can be asked for: refused below
			posting = posting.and(&one.posting)
		}
	}
	if len(found.lists) > 0 {
		first := &found.lists[0]
		d.List, d.Moderated = first.Name, first.Moderated
		posting.List, posting.Moderated = d.List, d.Moderated
		if who.Err != nil && d.Unknown == "" {
			d.Unknown, d.Err = d.List, who.Err
		}
		if m.HeaderUnseen && d.Unknown == "" {
			d.Unknown, d.Err = d.List, errHeaderUnseen
		}
	}
	if d.Redirects && removals > MaxRemovals {
		d.Refusal = MayNotPost // as it cannot be redirected
	}
	if !m.NoEnd {
		d.Posting = &posting
	}
	return d
}

// refusedBy is the decision when r refuses the message; rest are r and the lists after it,
// which are not looked at.
func (d Decision) refusedBy(r *Recipient, one *listDecision, rest []Recipient) Decision {
	d.Refusal, d.Fault = one.refusal, one.fault
	d.List, d.Moderated = r.Name, r.Moderated
	for i := range rest {
		d.Weighed = weigh(d.Weighed, &rest[i])
	}
	return d
}

// weigh adds a list to those that count as their members, if it is one of them.
func weigh(weighed []Recipient, r *Recipient) []Recipient {
	if !r.domain.countMembers {
		return weighed
	}
	return append(weighed, *r)
}

// listDecision is the outcome of one list's rules: a refusal, or what remains to be done at
// the end of the message.
type listDecision struct {
	refusal Refusal
	fault   from.Fault
	posting Posting
}

func (d *listDecision) redirects() bool { return len(d.posting.Redirects) > 0 }

// decide applies the rules of one list to a message from who. If it cannot be known now who
// that is, nothing is decided.
func (r *Recipient) decide(who *Poster, m *Message, enforce bool) listDecision {
	manager, open := who.mayPost(r.List), r.domain.unauthorised == Pass
	posting := Posting{Enforced: enforce, RefuseGenerated: !manager || r.domain.refusesGenerated}
	switch {
	case m.EnvelopeSender == "" && !who.MayBeUnenforced:
		return listDecision{refusal: Automatic}
	case who.Err != nil:
		return listDecision{posting: posting}
	case !manager && !open:
		return r.decideUnauthorised(m, &posting)
	case m.NoEnd: // it may be an automatic reply, or from anybody
		return listDecision{refusal: Unchecked}
	case !manager:
		return listDecision{posting: posting}
	}
	if !open && !r.domain.ignoresSenders {
		posting.From = who.Addresses
		if !slices.Contains(who.Addresses, mailaddr.PersonKey(m.EnvelopeSender)) {
			return listDecision{refusal: OtherSender, fault: from.Envelope}
		}
	}
	posting.Poster = who.Addresses
	if enforce && !r.domain.keepReplyTo {
		posting.ReplyTo = r.ReplyAddresses()
	}
	return listDecision{posting: posting}
}

// decideUnauthorised is the decision on a message from somebody who may not post. It is
// refused or, where the domain is configured so and it is possible, goes to the managers.
func (r *Recipient) decideUnauthorised(m *Message, base *Posting) listDecision {
	to := r.ReplyAddresses()
	if r.domain.unauthorised == Refuse || len(to) == 0 || !base.Enforced || m.NoEnd {
		return listDecision{refusal: MayNotPost}
	}
	posting := *base
	posting.Redirects = []Redirection{{Recipient: r.Address, To: to}}
	return listDecision{posting: posting}
}
