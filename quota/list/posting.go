package list

import (
	"slices"

	"github.com/rcptquota/rcptquota/quota/list/from"
	"github.com/rcptquota/rcptquota/quota/mailaddr"
)

// Posting is what remains to be done at the end of a message to lists. It is shared:
// do not change it.
type Posting struct {
	// List is the first list that the message goes to, and Moderated is whether it has
	// moderators; empty when the message only goes to other addresses of a list domain.
	List      string
	Moderated bool
	// From are the addresses of which the header From must have one; nil: From is not
	// checked.
	From []string
	// Poster are the professional addresses of the manager who sends the post; nil: the
	// sender is not a manager.
	Poster []string
	// ReplyTo are the new addresses of the header Reply-To; nil: it is not changed.
	ReplyTo []string
	// RefuseGenerated is true where a list does not accept messages that a program sends
	// ("auto-generated"), or not from this sender.
	RefuseGenerated bool
	// Remove are the names of header fields that name somebody else as the sender, as
	// known at the end of the message.
	Remove []string
	// Redirects are the lists whose managers get the message instead.
	Redirects []Redirection
	// Enforced is false where the rules are only logged and nothing is changed. Otherwise
	// the header X-Sender is removed too, since Sympa takes it for the sender.
	Enforced bool
}

// Redirection is a recipient of the envelope that is replaced by others.
type Redirection struct {
	Recipient string // as [Recipient.Address]
	To        []string
}

// Merge returns what remains to be done for two recipients of one message together. It
// changes neither posting; each may be nil, where nothing remains to be done.
func (p *Posting) Merge(other *Posting) *Posting {
	switch {
	case p == nil:
		return other
	case other == nil:
		return p
	}
	both := p.and(other)
	return &both
}

// and is Merge for postings that are not nil.
func (p Posting) and(other *Posting) Posting {
	if p.List == "" {
		p.List, p.Moderated = other.List, other.Moderated
	}
	if p.From == nil {
		p.From = other.From
	}
	if p.Poster == nil {
		p.Poster = other.Poster
	}
	p.ReplyTo = union(slices.Clip(p.ReplyTo), other.ReplyTo)
	redirects := slices.Clip(p.Redirects)
	for _, r := range other.Redirects {
		if !p.redirects(r.Recipient) {
			redirects = append(redirects, r)
		}
	}
	p.Redirects = redirects
	p.RefuseGenerated = p.RefuseGenerated || other.RefuseGenerated
	p.Enforced = p.Enforced || other.Enforced
	return p
}

// redirects reports whether a recipient is replaced by others.
func (p *Posting) redirects(recipient string) bool {
	return slices.ContainsFunc(p.Redirects, func(r Redirection) bool { return r.Recipient == recipient })
}

// maxFields is how many fields of one name may have to be removed from a header: the MTA
// reads the whole message for each of them. RFC 5322 section 3.6 allows one Reply-To.
const maxFields = 100

// JudgeHeader applies the rules of lists to the header of a message from login. It returns
// what remains to be done, or why the message is refused. It changes neither p nor h.
func (p *Posting) JudgeHeader(h *Header, login string) (*Posting, Refusal, from.Fault) {
	if h.Automatic || h.Generated && p.RefuseGenerated {
		return p, Automatic, from.NoFault
	}
	next := *p
	next.ReplyTo = p.replyTo(h)
	if p.From != nil {
		sender := from.Identity{Login: login, Addresses: p.From}
		if fault := sender.Check(h.From); fault != from.NoFault {
			return p, OtherSender, fault
		}
		if p.Enforced {
			next.Remove = h.foreignAgents(sender)
		}
	}
	if next.removesTooMany(h) {
		return p, TooManyFields, from.NoFault
	}
	return &next, NotRefused, from.NoFault
}

// removesTooMany reports whether more than maxFields fields of one name would have to be
// removed.
func (p *Posting) removesTooMany(h *Header) bool {
	return p.ReplyTo != nil && h.ReplyTo > maxFields || p.Enforced && h.XSender > maxFields ||
		slices.ContainsFunc(p.Remove, func(name string) bool { return h.Count(name) > maxFields })
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
