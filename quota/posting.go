package quota

import "slices"

// Posting is what remains to be done at the end of a message to lists. It is shared:
// do not change it.
type Posting struct {
	// List is the first list that the message goes to, and Moderated as in
	// [Facts]; empty when it only goes to other addresses of a list domain.
	List      string
	Moderated bool
	// From are the addresses of which the header From must have one; nil: it is not
	// looked at.
	From []string
	// Poster are the professional addresses of the manager whose post it is; nil: it
	// is nobody's.
	Poster []string
	// ReplyTo are the addresses that replace what the header Reply-To says; nil: it
	// stays as it is.
	ReplyTo []string
	// RefuseGenerated is true where a list does not take what a program sends unasked,
	// or not from this sender.
	RefuseGenerated bool
	// Remove are the names of header fields that name somebody else as the sender, as
	// known at the end of the message.
	Remove []string
	// Redirects are the lists whose managers get the message instead.
	Redirects []Redirection
	// Enforced is false where the rules only tell what they would do, and nothing is
	// changed. Otherwise the header X-Sender is removed too: Sympa would take whoever it
	// names for the sender.
	Enforced bool
}

// Redirection is a recipient of the envelope whose place others take.
type Redirection struct {
	Recipient string // as in [Recipients]
	To        []string
}

// Merge returns what remains to be done for both of two recipients of one message, and
// changes neither. Either may be nil, where nothing does.
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

// and is Merge for postings that are there.
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

// redirects reports whether others take the place of a recipient.
func (p *Posting) redirects(recipient string) bool {
	return slices.ContainsFunc(p.Redirects, func(r Redirection) bool { return r.Recipient == recipient })
}
