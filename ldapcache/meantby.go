package ldapcache

import (
	"slices"
	"strings"

	"github.com/go-ldap/ldap/v3"
)

// maxMatches is the most entries that are looked at for one address, those that
// have it as a private one included.
const maxMatches = 20

func (s *searcher) lookUp(conn *ldap.Conn, n naming) (meaning, error) {
	switch n.kind {
	case byDN:
		return s.meantByDN(conn, n.text)
	case byAddress:
		return s.meantByAddress(conn, n.text)
	case byLogin:
		return s.meantByLogin(conn, n.text)
	case bySearch:
		return s.meantBySearch(conn, n.url)
	case unintelligible:
	}
	return meaning{}, nil
}

// meantByDN finds out what the entry is: a person, a group, a school.
func (s *searcher) meantByDN(conn *ldap.Conn, dn string) (meaning, error) {
	if !s.holds(dn) {
		return meaning{}, nil
	}
	entry, err := s.read(conn, dn, s.userFilter.anyValue, s.ofPersons)
	if err != nil {
		return meaning{}, err
	}
	if entry != nil {
		return meaning{persons: []person{s.describePerson(entry)}}, nil
	}
	entry, err = s.read(conn, dn, anyEntry, s.ofOthers)
	if err != nil || entry == nil {
		return meaning{}, err
	}
	members, more, err := s.members(conn, entry, s.config.GroupMembers, maxNamed)
	var m meaning
	if len(members) > 0 {
		m.groups = []group{{dn: entry.DN, members: members}}
	} else if school := s.describeSchool(entry); school.hasUAI() {
		m.schools = []establishment{school}
	}
	if more {
		m.unresolved = []string{dn}
	}
	return m, err
}

// members are the values of the attributes of a group's entry.
func (s *searcher) members(conn *ldap.Conn, entry *ldap.Entry, attributes []string, limit int) (all []string, more bool, err error) {
	for _, attribute := range attributes {
		values, beyond, err := s.valuesOf(conn, entry, attribute, limit-len(all))
		if err != nil {
			return nil, false, err
		}
		all = append(all, values...)
		more = more || beyond
	}
	return all, more, nil
}

// meantByAddress finds the one person who has an address as a professional one,
// or as a login.
func (s *searcher) meantByAddress(conn *ldap.Conn, address string) (meaning, error) {
	var written []string
	for _, spelling := range inAllLabels(address) {
		written = append(written, spelling, "smtp:"+spelling)
	}
	filter := "(|(&" + s.userFilter.anyValue + anyOf(s.config.UserAddresses, written) + ")" + s.userFilter.fill(address) + ")"
	matches, err := s.search(conn, filter, maxMatches, s.ofPersons)
	if err != nil || matches.more {
		return meaning{}, err
	}
	var m meaning
	for _, entry := range matches.entries {
		p := s.describePerson(entry)
		isLogin := slices.ContainsFunc(valuesIn(entry, s.userFilter.attributes), func(login string) bool { return strings.EqualFold(login, address) })
		if isLogin || slices.Contains(p.addresses, address) { // else it is a private address
			m.persons = append(m.persons, p)
		}
	}
	if len(m.persons) > 1 {
		return meaning{}, nil
	}
	return m, nil
}

// meantByLogin finds the one person of a login, or the school that a text is the
// UAI of, which no login is.
func (s *searcher) meantByLogin(conn *ldap.Conn, login string) (meaning, error) {
	matches, err := s.search(conn, s.userFilter.fill(login), 2, s.ofPersons)
	switch {
	case err != nil:
		return meaning{}, err
	case !matches.more && len(matches.entries) == 1:
		return meaning{persons: []person{s.describePerson(matches.entries[0])}}, nil
	}
	if uai, ok := parseUAI(login); ok && len(matches.entries) == 0 {
		school, err := s.school(conn, uai)
		return meaning{schools: []establishment{school}}, err
	}
	return meaning{}, nil
}

// meantBySearch finds the persons among the entries that a URL names.
func (s *searcher) meantBySearch(conn *ldap.Conn, u ldapURL) (meaning, error) {
	if !s.holds(u.dn) {
		return meaning{}, nil
	}
	matches, err := s.ask(conn, query{dn: u.dn, scope: u.scope, filter: "(&" + s.userFilter.anyValue + u.filter + ")", limit: maxNamed, attributes: s.ofPersons})
	var m meaning
	for _, entry := range matches.entries {
		m.persons = append(m.persons, s.describePerson(entry))
	}
	if matches.more {
		m.unresolved = []string{u.dn}
	}
	if ldap.IsErrorAnyOf(err, nobody...) {
		err = nil
	}
	return m, err
}
