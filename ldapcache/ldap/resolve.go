package ldap

import (
	"cmp"
	"slices"
	"strings"

	goldap "github.com/go-ldap/ldap/v3"
	"golang.org/x/sync/errgroup"

	"github.com/rcptquota/rcptquota/ldapcache/spelling"
)

const (
	// maxConcurrent is how many of one look-up's searches are under way at once.
	maxConcurrent = 8
	// maxReferences is the most values that one look-up resolves, and the most members
	// of a group. Those beyond it are unresolved.
	maxReferences = 1000
)

// resolved is what values refer to.
type resolved struct {
	persons    []person
	schools    []establishment
	groups     []group
	unresolved []string // values, as written, that resolve to nobody, or not completely
}

// group is the entry of a group with members.
type group struct {
	dn      string
	members []string // as written
}

// personsIn resolves the values of some attributes of an entry, as persons does. Where an
// attribute has more values than are read, the entry itself is unresolved, too.
func (d *Directory) personsIn(conn *goldap.Conn, entry *goldap.Entry, attributes []string) (found []person, unresolved []string, err error) {
	values, more, err := d.members(conn, entry, attributes, maxReferences)
	if err != nil {
		return nil, nil, err
	}
	found, unresolved, err = d.persons(conn, values)
	if more {
		unresolved = append(unresolved, entry.DN)
	}
	return found, unresolved, err
}

// persons resolves values to persons, each once, in the order of their ids. A group
// stands for its members; a group among its members is not followed, and unresolved.
// Also unresolved is a value that provably refers to no one person: an entry that does
// not exist, or is not below base, where no sender can be; an address or a login that
// nobody has, or several have; an empty group; a school. A value of too many persons is
// unresolved, too, and some of its persons are returned. The error means that the
// directory is unavailable: nothing is known.
func (d *Directory) persons(conn *goldap.Conn, values []string) (found []person, unresolved []string, err error) {
	first, err := d.resolveValues(conn, values)
	if err != nil {
		return nil, nil, err
	}
	within, err := d.resolveValues(conn, first.members())
	if err != nil {
		return nil, nil, err
	}
	unresolved = slices.Concat(first.unresolved, within.unresolved)
	for _, g := range within.groups {
		unresolved = append(unresolved, g.dn)
	}
	for _, school := range slices.Concat(first.schools, within.schools) {
		unresolved = append(unresolved, cmp.Or(school.dn, school.name))
	}
	return distinct(slices.Concat(first.persons, within.persons)), unresolved, nil
}

// distinct sorts persons by id, and removes duplicates.
func distinct(persons []person) []person {
	slices.SortFunc(persons, func(a, b person) int { return strings.Compare(a.id, b.id) })
	return slices.CompactFunc(persons, func(a, b person) bool { return a.id == b.id })
}

// resolveValues resolves values, and follows no group.
func (d *Directory) resolveValues(conn *goldap.Conn, values []string) (resolved, error) {
	var whole resolved
	if len(values) > maxReferences {
		whole.unresolved = slices.Clone(values[maxReferences:])
		values = values[:maxReferences]
	}
	parts := make([]resolved, len(values))
	var searches errgroup.Group
	searches.SetLimit(maxConcurrent)
	for i, value := range values {
		searches.Go(func() (err error) {
			parts[i], err = d.resolveValue(conn, value)
			return err
		})
	}
	if err := searches.Wait(); err != nil {
		return resolved{}, err
	}
	for _, part := range parts {
		whole.add(part)
	}
	return whole, nil
}

func (r *resolved) add(other resolved) {
	r.persons = append(r.persons, other.persons...)
	r.schools = append(r.schools, other.schools...)
	r.groups = append(r.groups, other.groups...)
	r.unresolved = append(r.unresolved, other.unresolved...)
}

// members are those of all the groups.
func (r *resolved) members() (all []string) {
	for _, g := range r.groups {
		all = append(all, g.members...)
	}
	return all
}

func (r *resolved) isEmpty() bool { return len(r.persons)+len(r.schools)+len(r.groups) == 0 }

// resolveValue resolves one value, which may hold several references.
func (d *Directory) resolveValue(conn *goldap.Conn, value string) (resolved, error) {
	var whole resolved
	for _, r := range parseReferences(value) {
		part, err := d.resolve(conn, r)
		if err != nil {
			return resolved{}, err
		}
		if part.isEmpty() {
			part.unresolved = []string{value}
		}
		whole.add(part)
	}
	return whole, nil
}

// maxMatches is the most entries that are looked at for one address, those that
// have it as a private one included.
const maxMatches = 20

func (d *Directory) resolve(conn *goldap.Conn, r reference) (resolved, error) {
	switch r.kind {
	case byDN:
		return d.resolveDN(conn, r.text)
	case byAddress:
		return d.resolveAddress(conn, r.text)
	case byLogin:
		return d.resolveLogin(conn, r.text)
	case bySearch:
		return d.resolveSearch(conn, r.url)
	case unreadable:
	}
	return resolved{}, nil
}

// resolveDN finds out what an entry is: a person, a group or a school.
func (d *Directory) resolveDN(conn *goldap.Conn, dn string) (resolved, error) {
	if !d.holds(dn) {
		return resolved{}, nil
	}
	entry, err := d.read(conn, dn, d.userFilter.anyValue, d.ofPersons)
	if err != nil {
		return resolved{}, err
	}
	if entry != nil {
		return resolved{persons: []person{d.describePerson(entry)}}, nil
	}
	entry, err = d.read(conn, dn, anyEntry, d.ofOthers)
	if err != nil || entry == nil {
		return resolved{}, err
	}
	members, more, err := d.members(conn, entry, d.config.GroupMembers, maxReferences)
	var m resolved
	if len(members) > 0 {
		m.groups = []group{{dn: entry.DN, members: members}}
	} else if school := d.describeSchool(entry); school.hasUAI() {
		m.schools = []establishment{school}
	}
	if more {
		m.unresolved = []string{dn}
	}
	return m, err
}

// resolveAddress finds the one person who has an address as a professional one,
// or as a login.
func (d *Directory) resolveAddress(conn *goldap.Conn, address string) (resolved, error) {
	var written []string
	for _, form := range inAllLabels(address) {
		written = append(written, form, "smtp:"+form)
	}
	filter := "(|(&" + d.userFilter.anyValue + anyOf(d.config.UserAddresses, written) + ")" + d.userFilter.fill(address) + ")"
	matches, err := d.search(conn, filter, maxMatches, d.ofPersons)
	if err != nil || matches.more {
		return resolved{}, err
	}
	var m resolved
	for _, entry := range matches.entries {
		p := d.describePerson(entry)
		isLogin := slices.ContainsFunc(valuesIn(entry, d.userFilter.attributes), func(login string) bool { return strings.EqualFold(login, address) })
		if isLogin || slices.Contains(p.addresses, address) { // else it is a private address
			m.persons = append(m.persons, p)
		}
	}
	if len(m.persons) > 1 {
		return resolved{}, nil
	}
	return m, nil
}

// resolveLogin finds the one person of a login, or the school that a text is the
// UAI of, which no login is.
func (d *Directory) resolveLogin(conn *goldap.Conn, login string) (resolved, error) {
	matches, err := d.search(conn, d.userFilter.fill(login), 2, d.ofPersons)
	switch {
	case err != nil:
		return resolved{}, err
	case !matches.more && len(matches.entries) == 1:
		return resolved{persons: []person{d.describePerson(matches.entries[0])}}, nil
	}
	if uai, ok := spelling.UAI(login); ok && len(matches.entries) == 0 {
		school, err := d.school(conn, uai)
		return resolved{schools: []establishment{school}}, err
	}
	return resolved{}, nil
}

// resolveSearch finds the persons among the entries that a URL names.
func (d *Directory) resolveSearch(conn *goldap.Conn, u ldapURL) (resolved, error) {
	if !d.holds(u.dn) {
		return resolved{}, nil
	}
	matches, err := d.ask(conn, query{dn: u.dn, scope: u.scope, filter: "(&" + d.userFilter.anyValue + u.filter + ")", limit: maxReferences, attributes: d.ofPersons})
	var m resolved
	for _, entry := range matches.entries {
		m.persons = append(m.persons, d.describePerson(entry))
	}
	if matches.more {
		m.unresolved = []string{u.dn}
	}
	if goldap.IsErrorAnyOf(err, noSuchEntry...) {
		err = nil
	}
	return m, err
}
