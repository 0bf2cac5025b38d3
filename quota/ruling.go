package quota

import (
	"errors"
	"slices"
)

// ruling is what the rules of lists say of one message.
type ruling struct {
	reason    Reason // why it is refused; NoReason: it is not
	fromFault FromFault
	list      string // that decided, or the first
	moderated bool
	unknown   string // as in posts
	err       error
	faults    error    // what the directory has wrong
	posting   *Posting // nil: no recipient is in a list domain
	noEnd     bool     // as in [Message]
}

// rule applies the rules of lists to a message of who. What is certain comes
// before what is not known.
func (f *posts) rule(who *poster, m *Message, enforce bool) ruling {
	if !f.inDomain {
		return ruling{}
	}
	r := ruling{unknown: f.unknown, err: f.err, posting: &Posting{Enforced: enforce}, noEnd: m.NoEnd}
	for i := range f.lists {
		p := &f.lists[i]
		if p.list.Fault != nil {
			r.faults = errors.Join(r.faults, p.list.Fault)
		}
		if r.reason, r.fromFault = p.rule(who, m, r.posting); r.reason != NoReason {
			r.list, r.moderated = p.name, p.list.Moderated
			return r
		}
	}
	if len(f.lists) > 0 {
		r.list, r.moderated = f.lists[0].name, f.lists[0].list.Moderated
		if who.err != nil && r.unknown == "" {
			r.unknown, r.err = r.list, who.err
		}
	}
	r.posting.List, r.posting.Moderated = r.list, r.moderated
	return r
}

// rule tells why the message does not go to the list, or NoReason; then posting
// says what is still to be done. Of a poster who is not known now it says nothing.
func (p *post) rule(who *poster, m *Message, posting *Posting) (Reason, FromFault) {
	manager, open := who.mayPost(p.list), p.domain.unauthorised == Accept
	posting.RefuseGenerated = posting.RefuseGenerated || !manager || p.domain.refusesGenerated
	switch {
	case m.EnvelopeSender == "":
		return ListAutomatic, NoFault
	case who.err != nil:
		return NoReason, NoFault
	case !manager && !open:
		to := p.addresses()
		if p.domain.unauthorised == Refuse || len(to) == 0 || !posting.Enforced || m.NoEnd {
			return ListPosting, NoFault
		}
		p.redirected = true
		posting.Redirects = append(posting.Redirects, Redirection{Recipient: p.recipient, To: to})
		return NoReason, NoFault
	case m.NoEnd: // its header may say that it is an automatic reply, or from somebody else
		return ListUnchecked, NoFault
	case !manager:
		return NoReason, NoFault
	}
	if !open && !p.domain.ignoresSenders {
		posting.From = who.addresses
		if !slices.Contains(who.addresses, PersonKey(m.EnvelopeSender)) {
			return ListFrom, EnvelopeOther
		}
	}
	posting.Poster = who.addresses
	if posting.Enforced && !p.domain.keepReplyTo {
		posting.ReplyTo = union(posting.ReplyTo, p.addresses())
	}
	return NoReason, NoFault
}

// doubt leaves open what was refused to a sender who may be of a class whose rules
// are not enforced.
func (r *ruling) doubt(err error) {
	if r.reason != NoReason {
		r.reason, r.unknown, r.err = NoReason, r.list, err
	}
}

// apply makes v, the verdict of the limits, that of the lists too: a list that is
// closed to the sender comes before any limit, what cannot be known after it.
func (r *ruling) apply(v *Verdict, enforce bool) {
	if r.faults != nil {
		v.Err = errors.Join(v.Err, r.faults)
	}
	switch {
	case r.reason != NoReason:
		v.Action, v.Reason, v.FromFault = enforced(Refuse, enforce), r.reason, r.fromFault
		v.List, v.Moderated = r.list, r.moderated
		return
	case r.posting == nil:
	case r.unknown != "" && (v.Action == Accept || enforce && v.Action.Passes()):
		v.Action, v.Reason, v.List = enforced(Defer, enforce), DirectoryUnavailable, r.unknown
		v.Degraded = true
		if v.Err == nil || v.Err.Error() != r.err.Error() { // what ails the search for the sender ails that for the list
			v.Err = errors.Join(v.Err, r.err)
		}
		return
	case v.Action == Accept && len(r.posting.Redirects) > 0:
		v.Action, v.Reason = Redirect, ListPosting
	}
	if v.Action.Passes() {
		v.List, v.Moderated = r.list, r.moderated
		if !r.noEnd {
			v.Posting = r.posting
		}
	}
}
