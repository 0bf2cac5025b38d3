package quota

import (
	"errors"
	"slices"
)

// MaxRemovals is how many addresses redirects may remove from the envelope of one message.
// A message that needs more is refused: the MTA reads the whole message for each of them.
const MaxRemovals = 100

// errHeaderUnseen is why a post waits for another connection.
var errHeaderUnseen = errors.New("lists were configured after this connection was made, and it does not show the header; a new connection does")

// listDecision is the outcome of the rules of lists for one message. The zero value is for
// a message that has no recipient in a list domain.
type listDecision struct {
	// refusal is why a list refuses the message; NoReason: none does.
	refusal   Reason
	fromFault FromFault
	// list is the one that refuses, or the first one; moderated is whether it has
	// moderators.
	list      string
	moderated bool
	// unknown is a list, or its domain, to which it cannot be known now whether the sender
	// may post, because of err. Empty when there is none.
	unknown  string
	err      error
	enforced bool
	// faults are the directory's mistakes about the lists.
	faults error
	// redirects reports that a list passes the message on to its managers.
	redirects bool
	// posting is what remains to be done if the message passes; nil: nothing, because no
	// recipient is in a list domain or the end of the message is not shown.
	posting *Posting
	// weighed are the lists that count as their members. A list that is redirected counts
	// as one.
	weighed []post
}

// defers reports whether the message has to wait until the directory can answer.
func (d *listDecision) defers() bool { return d.unknown != "" && d.enforced }

// decideLists applies the rules of lists to a message from who. A certain refusal comes
// before what cannot be known.
func decideLists(who *poster, found *foundLists, m *Message, enforce bool) listDecision {
	if !found.inDomain {
		return listDecision{}
	}
	d := listDecision{unknown: found.unknown, err: found.err, enforced: enforce}
	posting := Posting{Enforced: enforce}
	removals := m.removals()
	for i := range found.lists {
		p := &found.lists[i]
		one := p.decide(who, m, enforce)
		d.faults = errors.Join(d.faults, p.list.Fault)
		if one.refusal != NoReason {
			return d.refusedBy(p, &one, found.lists[i:])
		}
		if one.redirects() {
			d.redirects = true
			removals += m.removalsFor(p.recipient)
		} else {
			d.weighed = weigh(d.weighed, p)
		}
		if removals <= MaxRemovals { // else the message is refused
			posting = posting.and(&one.posting)
		}
	}
	if len(found.lists) > 0 {
		first := &found.lists[0]
		d.list, d.moderated = first.name, first.list.Moderated
		posting.List, posting.Moderated = d.list, d.moderated
		if who.err != nil && d.unknown == "" {
			d.unknown, d.err = d.list, who.err
		}
		if m.HeaderUnseen && d.unknown == "" {
			d.unknown, d.err = d.list, errHeaderUnseen
		}
	}
	if d.redirects && removals > MaxRemovals {
		d.refusal = ListPosting
	}
	if !m.NoEnd {
		d.posting = &posting
	}
	return d
}

// refusedBy is the decision when p refuses the message; rest are p and the lists after it,
// which are not looked at.
func (d listDecision) refusedBy(p *post, one *postDecision, rest []post) listDecision {
	d.refusal, d.fromFault = one.refusal, one.fromFault
	d.list, d.moderated = p.name, p.list.Moderated
	for i := range rest {
		d.weighed = weigh(d.weighed, &rest[i])
	}
	return d
}

// weigh adds a list to those that count as their members, if it is one of them.
func weigh(weighed []post, p *post) []post {
	if !p.domain.countMembers {
		return weighed
	}
	return append(weighed, *p)
}

// postDecision is the outcome of one list's rules: a refusal, or what remains to be done at
// the end of the message.
type postDecision struct {
	refusal   Reason
	fromFault FromFault
	posting   Posting
}

func (d *postDecision) redirects() bool { return len(d.posting.Redirects) > 0 }

// decide applies the rules of one list to a message from who. If it cannot be known now who
// that is, nothing is decided.
func (p *post) decide(who *poster, m *Message, enforce bool) postDecision {
	manager, open := who.mayPost(p.list), p.domain.unauthorised == Accept
	posting := Posting{Enforced: enforce, RefuseGenerated: !manager || p.domain.refusesGenerated}
	switch {
	case m.EnvelopeSender == "" && !who.mayBeUnenforced:
		return postDecision{refusal: ListAutomatic}
	case who.err != nil:
		return postDecision{posting: posting}
	case !manager && !open:
		return p.decideUnauthorised(m, &posting)
	case m.NoEnd: // it may be an automatic reply, or from anybody
		return postDecision{refusal: ListUnchecked}
	case !manager:
		return postDecision{posting: posting}
	}
	if !open && !p.domain.ignoresSenders {
		posting.From = who.addresses
		if !slices.Contains(who.addresses, PersonKey(m.EnvelopeSender)) {
			return postDecision{refusal: ListFrom, fromFault: EnvelopeOther}
		}
	}
	posting.Poster = who.addresses
	if enforce && !p.domain.keepReplyTo {
		posting.ReplyTo = p.addresses()
	}
	return postDecision{posting: posting}
}

// decideUnauthorised is the decision on a message from somebody who may not post. It is
// refused or, where the domain is configured so and it is possible, goes to the managers.
func (p *post) decideUnauthorised(m *Message, base *Posting) postDecision {
	to := p.addresses()
	if p.domain.unauthorised == Refuse || len(to) == 0 || !base.Enforced || m.NoEnd {
		return postDecision{refusal: ListPosting}
	}
	posting := *base
	posting.Redirects = []Redirection{{Recipient: p.recipient, To: to}}
	return postDecision{posting: posting}
}
