package ldapcache

import (
	"slices"
	"strings"
	"time"

	"github.com/go-ldap/ldap/v3"
	lru "github.com/hashicorp/golang-lru/v2"
)

const (
	// schoolTTL is how long a school's entry is not asked for again: it changes
	// once in years.
	schoolTTL = time.Hour
	// maxSchools is the most of them remembered.
	maxSchools = 10_000
)

// establishment is a school, or what a site has in the place of schools.
type establishment struct {
	name      string // the UAI; else the entry's DN in one spelling, or what was written
	dn        string // of the entry, as the server writes it; empty: it has none that we know
	reference string // as written: the reference establishment of its site; empty: itself
}

func (e establishment) hasUAI() bool {
	_, ok := parseUAI(e.name)
	return ok
}

// before puts those with a UAI first, in one order for all time.
func (e establishment) before(other establishment) bool {
	if e.hasUAI() != other.hasUAI() {
		return e.hasUAI()
	}
	return e.name < other.name
}

// knownEstablishment is a school with the time at which it was asked for.
type knownEstablishment struct {
	establishment
	asked time.Time
}

func newSchools() *lru.Cache[string, knownEstablishment] {
	cache, _ := lru.New[string, knownEstablishment](maxSchools) // it fails for a size below 1
	return cache
}

// schoolName returns the name by which a person's school is known, of those
// written in the person's entry: the least UAI, or where there is none the least
// DN or text, since values come in no order. Empty: none is written.
func (s *searcher) schoolName(conn *ldap.Conn, written []string) (string, error) {
	var uais []string
	for _, value := range written {
		if uai, ok := parseUAI(value); ok {
			uais = append(uais, uai)
		}
	}
	if len(uais) > 0 { // without a search
		return slices.Min(uais), nil
	}
	own, err := s.leastSchool(conn, written)
	return own.name, err
}

// referenceName returns the name of the reference establishment of a person's
// school, which is the school itself where it has none.
func (s *searcher) referenceName(conn *ldap.Conn, written []string) (string, error) {
	own, err := s.leastSchool(conn, written)
	if err != nil || own.reference == "" {
		return own.name, err
	}
	reference, err := s.school(conn, own.reference)
	return reference.name, err
}

func (s *searcher) leastSchool(conn *ldap.Conn, written []string) (least establishment, err error) {
	for i, value := range written {
		one, err := s.school(conn, value)
		if err != nil {
			return establishment{}, err
		}
		if i == 0 || one.before(least) {
			least = one
		}
	}
	return least, nil
}

// school finds out which school a value names: a UAI, a DN, or any text.
func (s *searcher) school(conn *ldap.Conn, value string) (establishment, error) {
	uai, isUAI := parseUAI(value)
	dn, isDN := parseDNValue(value)
	if !isUAI && !isDN {
		return establishment{name: strings.TrimSpace(value)}, nil
	}
	key := uai
	if !isUAI {
		key = canonicalDN(dn)
	}
	if known, ok := s.schools.Get(key); ok && time.Since(known.asked) < schoolTTL {
		return known.establishment, nil
	}
	found := establishment{name: key}
	var entry *ldap.Entry
	var err error
	if isUAI {
		entry, err = s.schoolEntry(conn, uai)
	} else if s.holds(dn) {
		entry, err = s.read(conn, dn, anyEntry, s.ofOthers)
	}
	if err != nil {
		return establishment{}, err
	}
	if entry != nil {
		found = s.describeSchool(entry)
	}
	if isUAI {
		found.name = uai
	}
	s.schools.Add(key, knownEstablishment{found, time.Now()})
	return found, nil
}

// schoolEntry returns the one entry of a UAI, or nil.
func (s *searcher) schoolEntry(conn *ldap.Conn, uai string) (*ldap.Entry, error) {
	if s.config.EstablishmentFilter == "" {
		return nil, nil
	}
	var filter strings.Builder
	for _, spelling := range spellings(uai) {
		filter.WriteString(s.establishmentFilter.fill(spelling))
	}
	matches, err := s.search(conn, "(|"+filter.String()+")", 2, s.ofOthers)
	if err != nil || matches.more || len(matches.entries) != 1 {
		return nil, err
	}
	return matches.entries[0], nil
}

// describeSchool reads a school's entry.
func (s *searcher) describeSchool(entry *ldap.Entry) establishment {
	described := establishment{name: canonicalDN(entry.DN), dn: entry.DN}
	for _, value := range valuesIn(entry, s.config.EstablishmentUAI) {
		if uai, ok := parseUAI(value); ok {
			described.name = uai
			break
		}
	}
	if references := valuesIn(entry, s.config.EstablishmentReference); len(references) > 0 {
		described.reference = references[0]
	}
	return described
}
