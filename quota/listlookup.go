package quota

import (
	"cmp"
	"context"
	"errors"
	"slices"
)

// post is a recipient of a message that is a list.
type post struct {
	listRecipient
	name  string // the address of the list
	list  *List
	rules *lists
}

// foundLists are the lists among a message's recipients, as found in the directory.
type foundLists struct {
	lists    []post // in the order of their names
	inDomain bool   // some recipient is in a list domain
	asked    bool   // and may be a list
	// unknown is the domain, as "@listes.example.org", of an address about which the
	// directory cannot say now, because of err, whether it is a list's. Empty when there
	// is none.
	unknown string
	err     error
}

// findLists asks the directory once which of the candidates are lists.
func (p *Policy) findLists(ctx context.Context, candidates []listRecipient, inDomain bool) foundLists {
	found := foundLists{inDomain: inDomain}
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
			if answer == (ListAnswer{}) { // not a list with its extension
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

// add takes the directory's answer about one recipient.
func (f *foundLists) add(p post, err error) {
	switch {
	case err != nil:
		f.unknown, f.err = "@"+p.domain.name, err
	case p.list != nil:
		f.lists = append(f.lists, p)
	}
}

// ErrOpenAddress is the error of [Policy.FindList] for an address that is never looked
// up.
var ErrOpenAddress = errors.New("everybody may write there: its domain is not in lists.domains, or it is a service address")

// FoundList is the list that an address belongs to.
type FoundList struct {
	*List
	// Address is the list's, in lower case and without an extension.
	Address string
	// Unauthorised is what becomes of a message from somebody who may not post: Refuse,
	// Redirect, or Accept.
	Unauthorised Action
}

// FindList finds the list of an address, in whatever form the address is written.
// The error is [ErrOpenAddress], [ErrAbsent] for an address that is not a list's, or
// says why that cannot be known now.
func (p *Policy) FindList(ctx context.Context, address string) (FoundList, error) {
	var one Recipients
	one.Add(address)
	candidates, inDomain := p.rules.lists.recipients(&one)
	found := p.findLists(ctx, candidates, inDomain)
	switch {
	case !found.asked:
		return FoundList{}, ErrOpenAddress
	case found.err != nil:
		return FoundList{}, found.err
	case len(found.lists) == 0:
		return FoundList{}, ErrAbsent
	}
	post := found.lists[0]
	return FoundList{List: post.list, Address: post.name, Unauthorised: post.domain.unauthorised}, nil
}
