package list

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"github.com/rcptquota/rcptquota/quota/mailaddr"
)

// Directory says what is known about lists. It is called for every message by many
// goroutines at once, and answers from memory when it can.
type Directory interface {
	// Lists says for each address, written as by [mailaddr.RecipientKey], whether it is a
	// list's. There is one answer for each address, in their order, from few searches.
	Lists(ctx context.Context, addresses []string) []Answer
}

// Recipient is a recipient of a message that is a list.
type Recipient struct {
	*List
	// Address is the recipient as the envelope has it.
	Address string
	// Name is the address of the list, in lower case and without an extension.
	Name string

	domain *domain
	rules  *Rules
}

// Unauthorised is what becomes of a message from somebody who may not post to the list.
func (r *Recipient) Unauthorised() Unauthorised { return r.domain.unauthorised }

// Found are the lists among a message's recipients, as found in the directory.
type Found struct {
	lists    []Recipient // in the order of their names
	inDomain bool        // some recipient is in a list domain
	// unknown is the domain, as "@listes.example.org", of an address about which the
	// directory cannot say now, because of err, whether it is a list's: of several, the
	// first in the alphabet. Empty when there is none.
	unknown string
	err     error
}

// Find asks the directory once which of the candidates are lists.
func (r *Rules) Find(ctx context.Context, directory Directory, candidates *Candidates) Found {
	found := Found{inDomain: candidates.inDomain}
	if candidates.Len() == 0 {
		return found
	}
	for _, c := range candidates.resolve(ctx, directory) {
		switch {
		case c.answer.Err != nil:
			if domain := "@" + c.domain.name; found.unknown == "" || domain < found.unknown { // the same each time
				found.unknown, found.err = domain, c.answer.Err
			}
		case c.answer.List != nil:
			found.lists = append(found.lists, c.list(r))
		}
	}
	slices.SortFunc(found.lists, func(a, b Recipient) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Address, b.Address))
	})
	return found
}

// resolved is a candidate, and what the directory says about it.
type resolved struct {
	*candidate
	name   string // the address that the answer is about
	answer Answer
}

// list is the recipient as the list that it is.
func (c *resolved) list(r *Rules) Recipient {
	return Recipient{List: c.answer.List, Address: c.recipient, Name: c.name, domain: c.domain, rules: r}
}

// resolve asks the directory once about all candidates.
func (c *Candidates) resolve(ctx context.Context, directory Directory) []resolved {
	addresses := make([]string, 0, c.Len())
	for _, one := range c.all {
		addresses = append(addresses, one.address)
		if one.plain != "" {
			addresses = append(addresses, one.plain)
		}
	}
	answers := directory.Lists(ctx, addresses)
	all := make([]resolved, c.Len())
	for i := range c.all {
		one := &c.all[i]
		all[i] = resolved{one, one.address, answers[0]}
		answers = answers[1:]
		if one.plain == "" {
			continue
		}
		if all[i].answer == (Answer{}) { // not a list with its extension
			all[i].name, all[i].answer = one.plain, answers[0]
		}
		answers = answers[1:]
	}
	return all
}

// The errors of [Rules.FindOne] that are certain answers.
var (
	// ErrOpenAddress: the address is never looked up.
	ErrOpenAddress = errors.New("everybody may write there: its domain is not in lists.domains, or it is a service address")
	// ErrNoList: the directory has no list with the address.
	ErrNoList = errors.New("no such entry in the directory")
)

// FindOne finds the list of an address, in whatever form the address is written. The
// error is [ErrOpenAddress], [ErrNoList], or says why the list cannot be known now.
func (r *Rules) FindOne(ctx context.Context, directory Directory, address string) (Recipient, error) {
	candidates := r.Candidates(slices.Values([]string{mailaddr.RecipientKey(address)}))
	found := r.Find(ctx, directory, &candidates)
	switch {
	case candidates.Len() == 0:
		return Recipient{}, ErrOpenAddress
	case found.err != nil:
		return Recipient{}, found.err
	case len(found.lists) == 0:
		return Recipient{}, ErrNoList
	}
	return found.lists[0], nil
}
