package ldap

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	goldap "github.com/go-ldap/ldap/v3"
	"golang.org/x/sync/errgroup"

	"github.com/rcptquota/rcptquota/ldapcache/ldap/failover"
	"github.com/rcptquota/rcptquota/quota"
	"github.com/rcptquota/rcptquota/quota/list"
	"github.com/rcptquota/rcptquota/quota/mailaddr"
)

// listsFound are the answers for some addresses, in their order.
type listsFound struct {
	lists     []*list.List // nil where there is none
	ambiguous []error      // not nil where several entries have the address
}

// Lists asks about addresses, with few searches. It returns the list of each address,
// nil where there is none, or in its place why several entries have the address. The
// error means that the directory is unavailable.
func (d *Directory) Lists(ctx context.Context, addresses []string) ([]*list.List, []error, error) {
	result, err := failover.Answer(ctx, d.client, func(conn *goldap.Conn) (listsFound, error) {
		entries, more, err := d.listEntries(conn, addresses)
		if err != nil {
			return listsFound{}, err
		}
		return d.describeLists(conn, entries, more)
	})
	return result.lists, result.ambiguous, err
}

// listEntries finds the entries of each address, with one search where it can. The
// server decides which entries match. To which of several addresses an entry belongs,
// its values tell; where they do not, the addresses are asked for in two parts, and so
// on, at last one by one.
func (d *Directory) listEntries(conn *goldap.Conn, addresses []string) (entries [][]*goldap.Entry, more []bool, err error) {
	entries, more = make([][]*goldap.Entry, len(addresses)), make([]bool, len(addresses))
	if len(addresses) > 1 && slices.ContainsFunc(addresses, mayBeFolded) {
		return d.listEntriesInParts(conn, addresses)
	}
	matches, err := d.search(conn, d.anyList(addresses), 2*len(addresses), d.ofLists)
	if err != nil {
		return nil, nil, err
	}
	if len(addresses) == 1 {
		entries[0], more[0] = matches.entries, matches.more
		return entries, more, nil
	}
	unclear := matches.more
	for _, entry := range matches.entries {
		values := d.listAddresses(entry)
		matched := false
		for i, address := range addresses {
			if _, ok := values[address]; ok {
				entries[i] = append(entries[i], entry)
				matched = true
			}
		}
		unclear = unclear || !matched
	}
	if unclear {
		return d.listEntriesInParts(conn, addresses)
	}
	return entries, more, nil
}

func (d *Directory) listEntriesInParts(conn *goldap.Conn, addresses []string) ([][]*goldap.Entry, []bool, error) {
	half := len(addresses) / 2
	if i := slices.IndexFunc(addresses, mayBeFolded); i >= 0 { // is asked for alone
		half = max(i, 1)
	}
	first, firstMore, err := d.listEntries(conn, addresses[:half])
	if err != nil {
		return nil, nil, err
	}
	second, secondMore, err := d.listEntries(conn, addresses[half:])
	return append(first, second...), append(firstMore, secondMore...), err
}

// mayBeFolded reports whether a server may compare an address otherwise than letter by
// letter: servers fold spaces and more (RFC 4518). Such addresses are asked for one by
// one.
func mayBeFolded(address string) bool {
	return strings.ContainsFunc(address, func(r rune) bool { return r <= ' ' || r > '~' })
}

// anyList is the filter for the lists of all the addresses.
func (d *Directory) anyList(addresses []string) string {
	written := inAllLabels(addresses...)
	if len(written) == 1 {
		return d.listFilter.fill(written[0])
	}
	var b strings.Builder
	b.WriteString("(|")
	for _, address := range written {
		b.WriteString(d.listFilter.fill(address))
	}
	b.WriteString(")")
	return b.String()
}

// listAddresses are the values of an entry that may be the list's addresses. Values of
// subtypes are, since the server's filter matches them; those of owners, moderators and
// members are not, as they may be recipients of the same message.
func (d *Directory) listAddresses(entry *goldap.Entry) map[string]struct{} {
	all := make(map[string]struct{})
	for _, attribute := range entry.Attributes {
		name, _, _ := strings.Cut(attribute.Name, ";")
		if slices.ContainsFunc(d.ofListed, func(named string) bool { return strings.EqualFold(named, name) }) {
			continue
		}
		for _, value := range attribute.Values {
			if address, ok := withoutType(strings.Join(strings.Fields(value), " ")); ok {
				all[mailaddr.RecipientKey(address)] = struct{}{}
			}
		}
	}
	return all
}

// describeLists reads the entries of each address, several at once.
func (d *Directory) describeLists(conn *goldap.Conn, entries [][]*goldap.Entry, more []bool) (listsFound, error) {
	result := listsFound{lists: make([]*list.List, len(entries)), ambiguous: make([]error, len(entries))}
	var searches errgroup.Group
	searches.SetLimit(maxConcurrent)
	for i, its := range entries {
		switch {
		case more[i] || len(its) > 1:
			result.ambiguous[i] = errors.New(found{entries: its}.String())
		case len(its) == 1:
			searches.Go(func() (err error) {
				result.lists[i], err = d.describeList(conn, its[0])
				return err
			})
		}
	}
	return result, searches.Wait()
}

// describeList reads a list's entry, and resolves its owners and moderators.
func (d *Directory) describeList(conn *goldap.Conn, entry *goldap.Entry) (*list.List, error) {
	l := &list.List{}
	owners, unresolvedOwners, err := d.managers(conn, entry, d.config.ListOwners)
	if err != nil {
		return nil, err
	}
	moderators, unresolvedModerators, err := d.managers(conn, entry, d.config.ListModerators)
	if err != nil {
		return nil, err
	}
	l.Owners, l.Moderators = owners, moderators
	l.Moderated = len(moderators)+len(unresolvedModerators) > 0
	if unresolved := slices.Concat(unresolvedOwners, unresolvedModerators); len(unresolved) > 0 {
		l.Fault = fmt.Errorf("%s has owners or moderators that cannot be resolved: %q", entry.DN, unresolved)
	}
	for _, attribute := range d.config.ListModerators { // moderated, even if we do not read by whom
		if option := withOption(entry, attribute); option != "" {
			l.Moderated = true
			l.Fault = errors.Join(l.Fault, fmt.Errorf("%s has moderators in %s, which is not read; write them in %s", entry.DN, option, attribute))
		}
	}
	if d.config.CountMembers {
		members, _, err := d.members(conn, entry, d.config.ListMembers, quota.MaxRecipients)
		if err != nil {
			return nil, err
		}
		l.Members = len(members)
	}
	return l, nil
}

// managers are the persons that some attributes of a list's entry refer to.
func (d *Directory) managers(conn *goldap.Conn, entry *goldap.Entry, attributes []string) (all []list.Person, unresolved []string, err error) {
	persons, unresolved, err := d.personsIn(conn, entry, attributes)
	for _, p := range persons {
		all = append(all, list.Person{ID: p.id, Addresses: p.addresses})
	}
	return all, unresolved, err
}

// withOption returns the first attribute description that came with an entry and
// has the attribute's name, with options other than a range (RFC 4512 section
// 2.5.2); or "".
func withOption(entry *goldap.Entry, attribute string) string {
	for _, a := range entry.Attributes {
		name, _, options := strings.Cut(a.Name, ";")
		if _, ranged := parsePart(a.Name); options && !ranged && strings.EqualFold(name, attribute) {
			return a.Name
		}
	}
	return ""
}
