package list

import (
	"context"
	"slices"

	"github.com/rcptquota/rcptquota/quota/list/from"
)

// Rule is why somebody may post to an address in a list domain, or may not.
type Rule int

const (
	// NotAList, the zero value: the directory has no list with the address, so everybody
	// may write to it.
	NotAList Rule = iota
	// ServiceAddress: it is an address of the list manager, so everybody may write to it.
	ServiceAddress
	// NotKnown: the directory cannot be asked now.
	NotKnown
	// ModeratorPosts: a moderator may post.
	ModeratorPosts
	// OwnerPosts: an owner may post, since the list has no moderators.
	OwnerPosts
	// EverybodyPosts: the domain lets everybody post.
	EverybodyPosts
	// OnlyModerators: an owner may not post, since the list has moderators.
	OnlyModerators
	// NotAManager: the sender is neither an owner nor a moderator.
	NotAManager
)

// String names the rule in one word.
func (r Rule) String() string {
	switch r {
	case NotAList:
		return "no_list"
	case ServiceAddress:
		return "service_address"
	case NotKnown:
		return "unavailable"
	case ModeratorPosts:
		return "moderator"
	case OwnerPosts:
		return "owner"
	case EverybodyPosts:
		return "everybody"
	case OnlyModerators:
		return "only_moderators"
	case NotAManager:
		return "no_manager"
	}
	return "unknown"
}

// Case is what the rules of lists say of one recipient of a message, taken by itself.
type Case struct {
	Recipient string // as the envelope has it
	Rule      Rule
	// List is the list's address, and Moderated is whether it has moderators; empty for
	// what is not a list, or not known.
	List      string
	Moderated bool
	// Refusal is why the list refuses the message, and Fault what is wrong with the sender
	// that the message names. Before its header is known, only the envelope sender is.
	Refusal Refusal
	Fault   from.Fault
	// Redirects are the managers who get the message instead of the list; nil: nobody.
	Redirects []string
	// Mistake is a mistake in the directory about the list; nil: none is known.
	Mistake error
	// Err is why it is not known now; nil otherwise.
	Err error
}

// Covers reports whether an address, written as by [mailaddr.RecipientKey], is in a list
// domain.
func (r *Rules) Covers(address string) bool {
	if !r.Any() {
		return false
	}
	_, domain := r.route(address)
	return domain != nil
}

// Explain applies the rules to each of the recipients, which are in list domains, in their
// order. The other arguments are those of [Decide].
func (r *Rules) Explain(ctx context.Context, directory Directory, recipients []string, who *Poster, m *Message, enforce bool) []Case {
	candidates := r.Candidates(slices.Values(recipients))
	found := candidates.resolve(ctx, directory)
	cases := make([]Case, len(recipients))
	for i, recipient := range recipients {
		cases[i] = Case{Recipient: recipient, Rule: ServiceAddress}
		if len(found) > 0 && found[0].recipient == recipient { // else it is no candidate
			cases[i] = r.explain(&found[0], who, m, enforce)
			found = found[1:]
		}
	}
	return cases
}

func (r *Rules) explain(c *resolved, who *Poster, m *Message, enforce bool) Case {
	one := Case{Recipient: c.recipient}
	switch {
	case c.answer.Err != nil:
		one.Rule, one.Err = NotKnown, c.answer.Err
		return one
	case c.answer.List == nil:
		return one
	}
	list := c.list(r)
	d := list.decide(who, m, enforce)
	one.List, one.Moderated, one.Mistake = list.Name, list.Moderated, list.Fault
	one.Refusal, one.Fault = d.refusal, d.fault
	for i := range d.posting.Redirects {
		one.Redirects = append(one.Redirects, d.posting.Redirects[i].To...)
	}
	one.Rule = list.rule(who)
	if one.Rule == NotKnown {
		one.Err = who.Err
	}
	return one
}

// rule says why somebody may post to a list, or may not.
func (r *Recipient) rule(who *Poster) Rule {
	switch {
	case who.Err != nil:
		return NotKnown
	case who.mayPost(r.List) && r.Moderated:
		return ModeratorPosts
	case who.mayPost(r.List):
		return OwnerPosts
	case r.domain.unauthorised == Pass:
		return EverybodyPosts
	case who.ID != "" && slices.ContainsFunc(r.Owners, func(owner Person) bool { return owner.ID == who.ID }):
		return OnlyModerators
	}
	return NotAManager
}
