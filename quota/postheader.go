package quota

import (
	"slices"

	"github.com/rcptquota/rcptquota/quota/list/from"
	"github.com/rcptquota/rcptquota/quota/mailaddr"
)

// maxFields is how many fields of one name may have to be removed from a header: the MTA
// reads the whole message for each of them. RFC 5322 section 3.6 allows one Reply-To.
const maxFields = 100

// judgeHeader is [Policy.JudgeHeader].
func judgeHeader(v *Verdict, h *Header) Verdict {
	p := v.Posting
	if p == nil {
		return *v
	}
	next := p.withHeader(h, v.Sender)
	reason, fault := p.checkHeader(h, v.Sender)
	if reason == NoReason && next.removesTooMany(h) {
		reason = ListHeader
	}
	if reason == NoReason {
		return Verdict{Action: v.Action, Reason: v.Reason, FromFault: v.FromFault, Facts: v.Facts, Due: Due{next, v.Ticket}}
	}
	facts := v.Facts
	facts.List, facts.Moderated = p.List, p.Moderated
	return Verdict{Action: enforced(Refuse, p.Enforced), Reason: reason, FromFault: fault, Facts: facts, Due: v.Due}
}

// removesTooMany reports whether more than maxFields fields of one name would have to be
// removed.
func (p *Posting) removesTooMany(h *Header) bool {
	return p.ReplyTo != nil && h.ReplyTo > maxFields || p.Enforced && h.XSender > maxFields ||
		slices.ContainsFunc(p.Remove, func(name string) bool { return h.Count(name) > maxFields })
}

// checkHeader returns the reason why a header refuses a message to lists, or NoReason.
func (p *Posting) checkHeader(h *Header, login string) (Reason, from.Fault) {
	if p.refusesAutomatic(h) {
		return ListAutomatic, from.NoFault
	}
	if p.From == nil {
		return NoReason, from.NoFault
	}
	if fault := (from.Identity{Login: login, Addresses: p.From}).Check(h.From); fault != from.NoFault {
		return ListFrom, fault
	}
	return NoReason, from.NoFault
}

// withHeader returns what remains to be done now that the header is known, for a post
// from login.
func (p *Posting) withHeader(h *Header, login string) *Posting {
	next := *p
	next.ReplyTo = p.replyTo(h)
	if p.From != nil && p.Enforced {
		next.Remove = h.foreignAgents(from.Identity{Login: login, Addresses: p.From})
	}
	return &next
}

// replyTo returns the addresses for replies. The poster is among them with the address
// in From, if that is one of the poster's professional addresses.
func (p *Posting) replyTo(h *Header) []string {
	if len(h.From) != 1 {
		return p.ReplyTo
	}
	address, fault := from.Address(h.From[0])
	if own := mailaddr.PersonKey(address); fault == from.NoFault && slices.Contains(p.Poster, own) {
		addresses := slices.Clone(p.ReplyTo)
		for i, address := range addresses {
			if slices.Contains(p.Poster, address) {
				addresses[i] = own
			}
		}
		return addresses
	}
	return p.ReplyTo
}
