package quota

import (
	"context"
	"errors"
)

// ErrOpenAddress is the answer of [Policy.FindList] for an address that is not
// looked up.
var ErrOpenAddress = errors.New("everybody may write there: its domain is not in lists.domains, or it is a service address")

// FoundList is the list that an address means.
type FoundList struct {
	*List
	// Address is the list's own, in lower case and without an extension.
	Address string
	// Unauthorised is what becomes of a message of somebody who may not post:
	// Refuse, Redirect, or Accept.
	Unauthorised Action
}

// FindList tells which list an address means, in whatever form it is written.
// The error is [ErrOpenAddress], [ErrAbsent] for an address that is no list's, or
// tells why that cannot be known now.
func (p *Policy) FindList(ctx context.Context, address string) (FoundList, error) {
	var one Recipients
	one.Add(address)
	candidates, inDomain := p.rules.lists.recipients(&one)
	found := p.posts(ctx, candidates, inDomain)
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
