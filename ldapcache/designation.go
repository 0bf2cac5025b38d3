package ldapcache

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/go-ldap/ldap/v3"

	"github.com/rcptquota/rcptquota/ldapcache/roster"
)

const (
	// patience is how long a part of the search for designations may take. No
	// message waits for it.
	patience = 30 * time.Second
	// maxDesignated is the most members that one designation group may have.
	maxDesignated = 50_000
	// maxOfSchool is the most senders whom the designation of a whole school
	// designates: those whose ids come first. No establishment has more seats.
	maxOfSchool = roster.MaxPerEstablishment
)

var (
	errTooManyGroups = ldap.NewError(ldap.LDAPResultSizeLimitExceeded, errors.New("there are more designation groups than the "+
		"server tells; raise the limit that it has for who binds"))
	errTooManyMembers = ldap.NewError(ldap.LDAPResultSizeLimitExceeded, errors.New("a designation group has too many members"))
)

// designations asks the LDAP directory whom it designates now: the members of the
// groups that premium_filter finds, and the persons of a school that is a member
// as a whole, each once, in the order of their ids. Besides, it tells the members
// that name nobody. It uses a connection of its own, on which it may be slow.
func designations(ctx context.Context, config Config) (all []roster.Designation, unresolved []string, err error) {
	config = config.withPreset()
	config.Timeout.Duration = patience
	client, err := newClient(config)
	if err != nil {
		return nil, nil, err
	}
	defer client.close()
	s, err := newSearcher(config, client, nil)
	if err != nil {
		return nil, nil, err
	}
	values, err := answer(ctx, client, s.designated)
	if err != nil {
		return nil, nil, err
	}
	persons, unresolved, err := s.designees(ctx, values)
	if err != nil {
		return nil, nil, err
	}
	for some := range slices.Chunk(persons, maxNamed) {
		part, err := answer(ctx, client, func(conn *ldap.Conn) ([]roster.Designation, error) { return s.designate(conn, some) })
		if err != nil {
			return nil, nil, err
		}
		all = append(all, part...)
	}
	return all, unresolved, nil
}

// designated returns the members of the designation groups, as written.
func (s *searcher) designated(conn *ldap.Conn) (values []string, err error) {
	if len(s.config.PremiumMembers) == 0 {
		return nil, nil
	}
	groups, err := s.askAll(conn, query{s.config.Base, ldap.ScopeWholeSubtree, s.config.PremiumFilter, 0, s.config.PremiumMembers})
	if groups.more {
		err = errTooManyGroups
	}
	if err != nil {
		return nil, err
	}
	for _, g := range groups.entries {
		members, more, err := s.members(conn, g, s.config.PremiumMembers, maxDesignated)
		switch {
		case err != nil:
			return nil, err
		case more:
			return nil, errTooManyMembers
		}
		values = append(values, members...)
	}
	return values, nil
}

// designees finds the persons whom the members of the designation groups name.
func (s *searcher) designees(ctx context.Context, values []string) (persons []person, unresolved []string, err error) {
	whole, err := s.meantByAll(ctx, values)
	if err != nil {
		return nil, nil, err
	}
	within, err := s.meantByAll(ctx, whole.members())
	if err != nil {
		return nil, nil, err
	}
	for _, g := range within.groups {
		whole.unresolved = append(whole.unresolved, g.dn)
	}
	whole.add(within)
	for _, school := range whole.schools {
		part, err := answer(ctx, s.client, func(conn *ldap.Conn) (meaning, error) { return s.personsOf(conn, school) })
		if err != nil {
			return nil, nil, err
		}
		whole.add(part)
	}
	return distinct(whole.persons), whole.unresolved, nil
}

// meantByAll is [searcher.meant] for any number of values.
func (s *searcher) meantByAll(ctx context.Context, values []string) (meaning, error) {
	var whole meaning
	for some := range slices.Chunk(values, maxNamed) {
		part, err := answer(ctx, s.client, func(conn *ldap.Conn) (meaning, error) { return s.meant(conn, some) })
		if err != nil {
			return meaning{}, err
		}
		whole.add(part)
	}
	return whole, nil
}

// personsOf finds the persons of a school. A school of which the server does not
// tell all is unresolved, beside the persons that it tells.
func (s *searcher) personsOf(conn *ldap.Conn, school establishment) (m meaning, err error) {
	var written []string
	if uai, ok := parseUAI(school.name); ok {
		written = spellings(uai)
	}
	if school.dn != "" {
		written = append(written, school.dn)
	}
	if len(s.config.UserEstablishment) == 0 {
		return m, nil
	}
	filter := "(&" + s.userFilter.anyValue + anyOf(s.config.UserEstablishment, written) + ")"
	found, err := s.askAll(conn, query{s.config.Base, ldap.ScopeWholeSubtree, filter, 0, s.ofPersons})
	for _, entry := range found.entries {
		m.persons = append(m.persons, s.describePerson(entry))
	}
	m.persons = distinct(m.persons)
	m.persons = m.persons[:min(len(m.persons), maxOfSchool)]
	if found.more {
		m.unresolved = []string{cmp.Or(school.dn, school.name)}
	}
	return m, err
}

// designate adds to each person the establishment under which the person counts.
func (s *searcher) designate(conn *ldap.Conn, persons []person) ([]roster.Designation, error) {
	all := make([]roster.Designation, len(persons))
	for i, p := range persons {
		name, err := s.referenceName(conn, p.schools)
		if err != nil {
			return nil, err
		}
		all[i] = roster.Designation{Establishment: name, Sender: p.id, Login: p.login}
	}
	return all, nil
}
