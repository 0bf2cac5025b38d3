package quota

import (
	"cmp"
	"context"
	"errors"
	"slices"
)

// Posting is what remains to be done at the end of a message to lists.
type Posting struct {
	// List is the first list that the message goes to, and Moderated as in
	// [Verdict]; empty when it only goes to other addresses of a list domain.
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
	// or not of this sender.
	RefuseGenerated bool
	// Remove are the names of fields that name somebody else as who sent the message,
	// which is known at its end.
	Remove []string
	// Redirects are the lists whose managers get the message instead.
	Redirects []Redirection
	// Enforced is false where the rules only tell what they would do, and nothing is
	// changed. Otherwise the header X-Sender has to go too, by which Sympa would take
	// the message for that of whom it names.
	Enforced bool
}

// Redirection is a recipient of the envelope that others take the place of.
type Redirection struct {
	Recipient string // as in [Recipients]
	To        []string
}

// poster is who sends a message, as lists see it. The zero value is nobody whom
// a list could name.
type poster struct {
	id        string
	addresses []string
	err       error // why that cannot be known now
}

// newPoster tells who the sender is whom the directory answered with. An answer
// that is stale is none.
func newPoster(sender *Sender, err error) poster {
	switch {
	case errors.Is(err, ErrAbsent), errors.Is(err, ErrAmbiguous):
		return poster{}
	case err != nil:
		return poster{err: err}
	}
	return poster{id: sender.ID, addresses: sender.Addresses, err: sender.Stale}
}

// mayPost reports whether the poster is a manager of the list.
func (p *poster) mayPost(list *List) bool {
	return p.err == nil && p.id != "" && slices.ContainsFunc(list.Managers(), func(m Person) bool { return m.ID == p.id })
}

// post is a message's recipient that is a list.
type post struct {
	listRecipient
	name       string // the address of the list
	list       *List
	rules      *lists
	redirected bool
}

// posts are the lists among a message's recipients.
type posts struct {
	lists    []post // in the order of their names
	inDomain bool   // some recipient is in a list domain
	asked    bool   // and may be a list
	// unknown is a list of which the directory cannot tell now who manages it, for
	// the reason err; where it cannot even tell whether the address is a list's,
	// and not a person's, the domain alone, as "@listes.example.org". Empty when
	// there is none.
	unknown string
	err     error
}

// posts asks the directory, once, which of the recipients that may be lists are.
func (p *Policy) posts(ctx context.Context, candidates []listRecipient, inDomain bool) posts {
	found := posts{inDomain: inDomain}
	if len(candidates) == 0 {
		return found
	}
	found.asked = true
	addresses := make([]string, 0, len(candidates))
	for _, c := range candidates {
		addresses = append(addresses, c.address)
		if c.plain != "" {
			addresses = append(addresses, c.plain)
		}
	}
	answers := p.directory.Lists(ctx, addresses)
	for _, c := range candidates {
		name, answer := c.address, answers[0]
		answers = answers[1:]
		if c.plain != "" {
			if answer == (ListAnswer{}) { // no list by its whole name
				name, answer = c.plain, answers[0]
			}
			answers = answers[1:]
		}
		found.add(post{listRecipient: c, name: name, list: answer.List, rules: &p.rules.lists}, answer.Err)
	}
	slices.SortFunc(found.lists, func(a, b post) int {
		return cmp.Or(cmp.Compare(a.name, b.name), cmp.Compare(a.recipient, b.recipient))
	})
	return found
}

func (f *posts) add(p post, err error) {
	if err == nil && p.list != nil {
		err = p.list.Stale // who managed it then may not any more
	}
	switch {
	case err != nil && p.list == nil:
		f.unknown, f.err = "@"+p.domain.name, err
	case err != nil:
		f.unknown, f.err = p.name, err
	case p.list != nil:
		f.lists = append(f.lists, p)
	}
}

// Merge returns what remains to be done for two recipients of one message; each
// may be nil.
func (p *Posting) Merge(other *Posting) *Posting {
	if p == nil || other == nil {
		return cmp.Or(p, other)
	}
	if p.List == "" {
		p.List, p.Moderated = other.List, other.Moderated
	}
	for _, r := range other.Redirects {
		if !slices.ContainsFunc(p.Redirects, func(have Redirection) bool { return have.Recipient == r.Recipient }) {
			p.Redirects = append(p.Redirects, r)
		}
	}
	p.Enforced = p.Enforced || other.Enforced
	p.RefuseGenerated = p.RefuseGenerated || other.RefuseGenerated
	return p
}
