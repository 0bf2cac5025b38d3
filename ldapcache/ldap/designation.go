package ldap

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	goldap "github.com/go-ldap/ldap/v3"

	"github.com/rcptquota/rcptquota/ldapcache/ldap/failover"
	"github.com/rcptquota/rcptquota/ldapcache/roster"
	"github.com/rcptquota/rcptquota/ldapcache/spelling"
)

const (
	// slowTimeout is for a look-up that no message waits for.
	slowTimeout = 30 * time.Second
	// maxDesignated is the most members that one designation group may have.
	maxDesignated = 50_000
	// maxOfSchool is the most senders whom the designation of a whole school
	// designates: those whose ids come first. No establishment has more seats.
	maxOfSchool = roster.MaxPerEstablishment
)

var (
	errTooManyGroups = goldap.NewError(goldap.LDAPResultSizeLimitExceeded, errors.New("there are more designation groups than the "+
		"server returns; raise its size limit for bind_dn"))
	errTooManyMembers = goldap.NewError(goldap.LDAPResultSizeLimitExceeded, errors.New("a designation group has too many members"))
)

// Designations implements [roster.Source]: it returns the members of the groups that
// premium_filter finds, and the persons of a school that is a member as a whole, each
// once, in the order of their ids; and the members that resolve to nobody. It uses a
// connection of its own, and any time that the directory needs.
func (d *Directory) Designations(ctx context.Context) (all []roster.Designation, unresolved []string, err error) {
	slow, err := d.openSlow()
	if err != nil {
		return nil, nil, err
	}
	defer slow.Close()
	return slow.designations(ctx)
}

func (d *Directory) designations(ctx context.Context) (all []roster.Designation, unresolved []string, err error) {
	values, err := failover.Answer(ctx, d.client, d.designated)
	if err != nil {
		return nil, nil, err
	}
	persons, unresolved, err := d.designees(ctx, values)
	if err != nil {
		return nil, nil, err
	}
	for some := range slices.Chunk(persons, maxReferences) {
		part, err := failover.Answer(ctx, d.client, func(conn *goldap.Conn) ([]roster.Designation, error) { return d.designate(conn, some) })
		if err != nil {
			return nil, nil, err
		}
		all = append(all, part...)
	}
	return all, unresolved, nil
}

// designated returns the members of the designation groups, as written.
func (d *Directory) designated(conn *goldap.Conn) (values []string, err error) {
	if len(d.config.PremiumMembers) == 0 {
		return nil, nil
	}
	groups, err := d.askAll(conn, query{d.config.Base, goldap.ScopeWholeSubtree, d.config.PremiumFilter, 0, d.config.PremiumMembers})
	if groups.more {
		err = errTooManyGroups
	}
	if err != nil {
		return nil, err
	}
	for _, g := range groups.entries {
		members, more, err := d.members(conn, g, d.config.PremiumMembers, maxDesignated)
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

// designees resolves the members of the designation groups to persons.
func (d *Directory) designees(ctx context.Context, values []string) (persons []person, unresolved []string, err error) {
	whole, err := d.resolveMany(ctx, values)
	if err != nil {
		return nil, nil, err
	}
	within, err := d.resolveMany(ctx, whole.members())
	if err != nil {
		return nil, nil, err
	}
	for _, g := range within.groups {
		whole.unresolved = append(whole.unresolved, g.dn)
	}
	whole.add(within)
	for _, school := range whole.schools {
		part, err := failover.Answer(ctx, d.client, func(conn *goldap.Conn) (resolved, error) { return d.personsOf(conn, school) })
		if err != nil {
			return nil, nil, err
		}
		whole.add(part)
	}
	return distinct(whole.persons), whole.unresolved, nil
}

// resolveMany is [Directory.resolveValues] for any number of values.
func (d *Directory) resolveMany(ctx context.Context, values []string) (resolved, error) {
	var whole resolved
	for some := range slices.Chunk(values, maxReferences) {
		part, err := failover.Answer(ctx, d.client, func(conn *goldap.Conn) (resolved, error) { return d.resolveValues(conn, some) })
		if err != nil {
			return resolved{}, err
		}
		whole.add(part)
	}
	return whole, nil
}

// personsOf finds the persons of a school. Where the server does not return all of them,
// the school is unresolved, too.
func (d *Directory) personsOf(conn *goldap.Conn, school establishment) (m resolved, err error) {
	var written []string
	if uai, ok := spelling.UAI(school.name); ok {
		written = spelling.UAIForms(uai)
	}
	if school.dn != "" {
		written = append(written, school.dn)
	}
	if len(d.config.UserEstablishment) == 0 {
		return m, nil
	}
	filter := "(&" + d.userFilter.anyValue + anyOf(d.config.UserEstablishment, written) + ")"
	found, err := d.askAll(conn, query{d.config.Base, goldap.ScopeWholeSubtree, filter, 0, d.ofPersons})
	for _, entry := range found.entries {
		m.persons = append(m.persons, d.describePerson(entry))
	}
	m.persons = distinct(m.persons)
	m.persons = m.persons[:min(len(m.persons), maxOfSchool)]
	if found.more {
		m.unresolved = []string{cmp.Or(school.dn, school.name)}
	}
	return m, err
}

// designate adds to each person the establishment whose designation it is.
func (d *Directory) designate(conn *goldap.Conn, persons []person) ([]roster.Designation, error) {
	all := make([]roster.Designation, len(persons))
	for i, p := range persons {
		name, err := d.referenceName(conn, p.schools)
		if err != nil {
			return nil, err
		}
		all[i] = roster.Designation{Establishment: name, Sender: p.id, Login: p.login}
	}
	return all, nil
}
