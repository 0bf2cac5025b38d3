package quota

import (
	"errors"
	"slices"
)

// MaxRemovals is how many addresses a redirect may take out of the envelope of one
// message; more, and the message is refused instead. The MTA looks through the whole
// message for each of them.
const MaxRemovals = 100

// listDecision is what the rules of lists make of one message. The zero value is that
// of a message to no list domain.
type listDecision struct {
	// refusal tells why a list does not take the message; NoReason: none refuses it.
	refusal   Reason
	fromFault FromFault
	// list is the one that refuses, or the first; moderated is about it.
	list      string
	moderated bool
	// unknown is a list, or the domain of one, of which it cannot be known now whether
	// the sender may post, and err tells why. Empty when there is none.
	unknown  string
	err      error
	enforced bool
	// faults are what the directory has wrong about the lists.
	faults error
	// redirects reports that some list passes the message on to its managers.
	redirects bool
	// posting is what remains to be done, if the message passes; nil: nothing, since no
	// recipient is in a list domain or the end of the message is not shown.
	posting *Posting
	// weighed are the lists that count as their members. A list whose managers get the
	// message instead counts as one.
	weighed []post
}

// defers reports whether the message has to wait until the directory can tell.
func (d *listDecision) defers() bool { return d.unknown != "" && d.enforced }

// decideLists applies the rules of lists to a message of who. A refusal that is certain
// comes before what is not known.
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
	}
	if d.redirects && removals > MaxRemovals {
		d.refusal = ListPosting
	}
	if !m.NoEnd {
		d.posting = m.Earlier.Merge(&posting)
	}
	return d
}

// refusedBy is the decision once p refuses the message; rest are p and the lists that
// were not looked at any more.
func (d listDecision) refusedBy(p *post, one *postDecision, rest []post) listDecision {
	d.refusal, d.fromFault = one.refusal, one.fromFault
	d.list, d.moderated = p.name, p.list.Moderated
	for i := range rest {
		d.weighed = weigh(d.weighed, &rest[i])
	}
	return d
}

// weigh adds a list to those that count as their members, if it does.
func weigh(weighed []post, p *post) []post {
	if !p.domain.countMembers {
		return weighed
	}
	return append(weighed, *p)
}

// postDecision is what one list makes of a message: a refusal, or what remains to be
// done at the message's end.
type postDecision struct {
	refusal   Reason
	fromFault FromFault
	posting   Posting
}

func (d *postDecision) redirects() bool { return len(d.posting.Redirects) > 0 }

// decide tells what the list makes of the message. About a poster who is not known now
// it decides nothing.
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

// decideUnauthorised tells what becomes of a message of somebody who may not post: it
// is refused or, where its domain has that and it can be done, goes to the managers.
func (p *post) decideUnauthorised(m *Message, base *Posting) postDecision {
	to := p.addresses()
	if p.domain.unauthorised == Refuse || len(to) == 0 || !base.Enforced || m.NoEnd {
		return postDecision{refusal: ListPosting}
	}
	posting := *base
	posting.Redirects = []Redirection{{Recipient: p.recipient, To: to}}
	return postDecision{posting: posting}
}
