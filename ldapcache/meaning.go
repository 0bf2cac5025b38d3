package ldapcache

import (
	"cmp"
	"slices"
	"strings"

	"github.com/go-ldap/ldap/v3"
	"golang.org/x/sync/errgroup"
)

const (
	// abreast is how many of one look-up's searches are under way at once.
	abreast = 8
	// maxNamed is the most values that one look-up follows, and the most members
	// of a group. What is beyond is told as unresolved.
	maxNamed = 1000
)

// meaning is whom values mean.
type meaning struct {
	persons    []person
	schools    []establishment
	groups     []group
	unresolved []string // values, as written, that name nobody; or nobody alone
}

// group is the entry of a group with members.
type group struct {
	dn      string
	members []string // as written
}

// persons finds whom the values name, each person once, in the order of their
// ids. A group stands for its members; a group among those is not followed, and
// told as unresolved. So is what provably names no person: an entry that is not
// there, or is not below base, where no sender can be; an address or a login that
// nobody has, or several have; an empty group; a school. A value whose persons are
// too many is unresolved too, beside those that are told. The error means that the
// directory cannot say: nothing is known.
func (s *searcher) persons(conn *ldap.Conn, values []string) (found []person, unresolved []string, err error) {
	first, err := s.meant(conn, values)
	if err != nil {
		return nil, nil, err
	}
	within, err := s.meant(conn, first.members())
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

// distinct sorts persons by id, and leaves each once.
func distinct(persons []person) []person {
	slices.SortFunc(persons, func(a, b person) int { return strings.Compare(a.id, b.id) })
	return slices.CompactFunc(persons, func(a, b person) bool { return a.id == b.id })
}

// meant looks up the values, and follows no group.
func (s *searcher) meant(conn *ldap.Conn, values []string) (meaning, error) {
	var whole meaning
	if len(values) > maxNamed {
		whole.unresolved = slices.Clone(values[maxNamed:])
		values = values[:maxNamed]
	}
	parts := make([]meaning, len(values))
	var searches errgroup.Group
	searches.SetLimit(abreast)
	for i, value := range values {
		searches.Go(func() (err error) {
			parts[i], err = s.meantBy(conn, value)
			return err
		})
	}
	if err := searches.Wait(); err != nil {
		return meaning{}, err
	}
	for _, part := range parts {
		whole.add(part)
	}
	return whole, nil
}

func (m *meaning) add(other meaning) {
	m.persons = append(m.persons, other.persons...)
	m.schools = append(m.schools, other.schools...)
	m.groups = append(m.groups, other.groups...)
	m.unresolved = append(m.unresolved, other.unresolved...)
}

// members are those of all the groups.
func (m *meaning) members() (all []string) {
	for _, g := range m.groups {
		all = append(all, g.members...)
	}
	return all
}

func (m *meaning) isEmpty() bool { return len(m.persons)+len(m.schools)+len(m.groups) == 0 }

// meantBy looks up one value. What means nobody is unresolved.
func (s *searcher) meantBy(conn *ldap.Conn, value string) (meaning, error) {
	var whole meaning
	for _, n := range parseNames(value) {
		part, err := s.lookUp(conn, n)
		if err != nil {
			return meaning{}, err
		}
		if part.isEmpty() {
			part.unresolved = []string{value}
		}
		whole.add(part)
	}
	return whole, nil
}
