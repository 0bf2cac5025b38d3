package ldapcache

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/go-ldap/ldap/v3"
	"golang.org/x/sync/errgroup"

	"github.com/rcptquota/rcptquota/quota"
)

// listsFound are the lists of addresses, in the order of those.
type listsFound struct {
	lists     []*quota.List // nil where there is none
	ambiguous []error       // several entries have the address
}

// lists asks the directory about addresses; see [batch].
func (s *searcher) lists(ctx context.Context, addresses []string) ([]*quota.List, []error, error) {
	result, err := answer(ctx, s.client, func(conn *ldap.Conn) (listsFound, error) {
		entries, more, err := s.listEntries(conn, addresses)
		if err != nil {
			return listsFound{}, err
		}
		return s.describeLists(conn, entries, more)
	})
	return result.lists, result.ambiguous, err
}

// listEntries finds the entries of each address, with one search where it can. An
// entry is the address's whose filter it matches, which the server decides; of
// several addresses it is told by the values. Where those leave a doubt, the
// addresses are asked for in two parts, at last one by one.
func (s *searcher) listEntries(conn *ldap.Conn, addresses []string) (entries [][]*ldap.Entry, more []bool, err error) {
	entries, more = make([][]*ldap.Entry, len(addresses)), make([]bool, len(addresses))
	if len(addresses) > 1 && slices.ContainsFunc(addresses, isOdd) {
		return s.listEntriesInParts(conn, addresses)
	}
	matches, err := s.search(conn, s.anyList(addresses), 2*len(addresses), s.ofLists)
	if err != nil {
		return nil, nil, err
	}
	if len(addresses) == 1 {
		entries[0], more[0] = matches.entries, matches.more
		return entries, more, nil
	}
	doubt := matches.more
	for _, entry := range matches.entries {
		its := s.listAddresses(entry)
		taken := false
		for i, address := range addresses {
			if _, ok := its[address]; ok {
				entries[i] = append(entries[i], entry)
				taken = true
			}
		}
		doubt = doubt || !taken
	}
	if doubt {
		return s.listEntriesInParts(conn, addresses)
	}
	return entries, more, nil
}

func (s *searcher) listEntriesInParts(conn *ldap.Conn, addresses []string) ([][]*ldap.Entry, []bool, error) {
	half := len(addresses) / 2
	if i := slices.IndexFunc(addresses, isOdd); i >= 0 { // goes alone
		half = max(i, 1)
	}
	first, firstMore, err := s.listEntries(conn, addresses[:half])
	if err != nil {
		return nil, nil, err
	}
	second, secondMore, err := s.listEntries(conn, addresses[half:])
	return append(first, second...), append(firstMore, secondMore...), err
}

// isOdd reports whether servers may take an address for another than its letters
// say: they fold spaces and more (RFC 4518). Such addresses are asked for one by
// one.
func isOdd(address string) bool {
	return strings.ContainsFunc(address, func(r rune) bool { return r <= ' ' || r > '~' })
}

// anyList is the filter for the lists of all the addresses.
func (s *searcher) anyList(addresses []string) string {
	written := inAllLabels(addresses...)
	if len(written) == 1 {
		return s.listFilter.fill(written[0])
	}
	var b strings.Builder
	b.WriteString("(|")
	for _, address := range written {
		b.WriteString(s.listFilter.fill(address))
	}
	b.WriteString(")")
	return b.String()
}

// listAddresses are the values of an entry that are addresses: those of subtypes
// too, since the server's filter matches them, but not those of whom it names,
// who may be recipients of the same message.
func (s *searcher) listAddresses(entry *ldap.Entry) map[string]struct{} {
	all := make(map[string]struct{})
	for _, attribute := range entry.Attributes {
		name, _, _ := strings.Cut(attribute.Name, ";")
		if slices.ContainsFunc(s.ofListed, func(named string) bool { return strings.EqualFold(named, name) }) {
			continue
		}
		for _, value := range attribute.Values {
			if address, ok := untyped(strings.Join(strings.Fields(value), " ")); ok {
				all[quota.RecipientKey(address)] = struct{}{}
			}
		}
	}
	return all
}

// describeLists reads the entries of each address, several at once.
func (s *searcher) describeLists(conn *ldap.Conn, entries [][]*ldap.Entry, more []bool) (listsFound, error) {
	result := listsFound{lists: make([]*quota.List, len(entries)), ambiguous: make([]error, len(entries))}
	var searches errgroup.Group
	searches.SetLimit(abreast)
	for i, its := range entries {
		switch {
		case more[i] || len(its) > 1:
			result.ambiguous[i] = errors.New(found{entries: its}.String())
		case len(its) == 1:
			searches.Go(func() (err error) {
				result.lists[i], err = s.describeList(conn, its[0])
				return err
			})
		}
	}
	return result, searches.Wait()
}

// describeList reads a list's entry, and looks up whom it names.
func (s *searcher) describeList(conn *ldap.Conn, entry *ldap.Entry) (*quota.List, error) {
	list := &quota.List{}
	owners, unknownOwners, err := s.named(conn, entry, s.config.ListOwners)
	if err != nil {
		return nil, err
	}
	moderators, unknownModerators, err := s.named(conn, entry, s.config.ListModerators)
	if err != nil {
		return nil, err
	}
	list.Owners, list.Moderators = owners, moderators
	list.Moderated = len(moderators)+len(unknownModerators) > 0
	if unknown := slices.Concat(unknownOwners, unknownModerators); len(unknown) > 0 {
		list.Fault = fmt.Errorf("%s names nobody, or too many, with %q", entry.DN, unknown)
	}
	for _, attribute := range s.config.ListModerators { // whom it names, it names all the same
		if option := withOption(entry, attribute); option != "" {
			list.Moderated = true
			list.Fault = errors.Join(list.Fault, fmt.Errorf("%s has moderators in %s, which is not read; write them in %s", entry.DN, option, attribute))
		}
	}
	if s.config.CountMembers {
		members, _, err := s.members(conn, entry, s.config.ListMembers, quota.MaxRecipients)
		if err != nil {
			return nil, err
		}
		list.Members = len(members)
	}
	return list, nil
}

// named are the persons that the attributes of a list's entry name.
func (s *searcher) named(conn *ldap.Conn, entry *ldap.Entry, attributes []string) (all []quota.Person, unresolved []string, err error) {
	values, more, err := s.members(conn, entry, attributes, maxNamed)
	if err != nil {
		return nil, nil, err
	}
	persons, unresolved, err := s.persons(conn, values)
	if more {
		unresolved = append(unresolved, entry.DN)
	}
	for _, p := range persons {
		all = append(all, quota.Person{ID: p.id, Addresses: p.addresses})
	}
	return all, unresolved, err
}

// withOption returns the first attribute description that came with an entry and
// has the attribute's name, with options other than a range (RFC 4512 section
// 2.5.2); or "".
func withOption(entry *ldap.Entry, attribute string) string {
	for _, a := range entry.Attributes {
		name, _, options := strings.Cut(a.Name, ";")
		if _, ranged := parsePart(a.Name); options && !ranged && strings.EqualFold(name, attribute) {
			return a.Name
		}
	}
	return ""
}
