package ldap

import (
	"slices"
	"strings"
	"time"

	goldap "github.com/go-ldap/ldap/v3"
	lru "github.com/hashicorp/golang-lru/v2"

	"github.com/rcptquota/rcptquota/ldapcache/spelling"
)

const (
	// schoolTTL is how long a school's entry is not asked for again: it changes
	// once in years.
	schoolTTL = time.Hour
	// maxSchools is how many schools are remembered at most.
	maxSchools = 10_000
)

// establishment is a school, or what a site has in the place of schools.
type establishment struct {
	name      string // the UAI; else the entry's DN in one spelling, or what was written
	dn        string // of the entry, as the server writes it; empty: no entry is known
	reference string // as written: the reference establishment of its site; empty: itself
}

func (e establishment) hasUAI() bool {
	_, ok := spelling.UAI(e.name)
	return ok
}

// before orders schools: those with a UAI come first, then it goes by name.
func (e establishment) before(other establishment) bool {
	if e.hasUAI() != other.hasUAI() {
		return e.hasUAI()
	}
	return e.name < other.name
}

// cachedEstablishment is a school and when its entry was read.
type cachedEstablishment struct {
	establishment
	asked time.Time
}

func newSchools() *lru.Cache[string, cachedEstablishment] {
	cache, _ := lru.New[string, cachedEstablishment](maxSchools) // it fails for a size below 1
	return cache
}

// schoolName returns the name of a person's school. Of several that the person's entry
// has, in no order, it is the first UAI in alphabetical order or, without a UAI, the
// first DN or text. Empty: the entry has none.
func (d *Directory) schoolName(conn *goldap.Conn, written []string) (string, error) {
	var uais []string
	for _, value := range written {
		if uai, ok := spelling.UAI(value); ok {
			uais = append(uais, uai)
		}
	}
	if len(uais) > 0 { // without a search
		return slices.Min(uais), nil
	}
	own, err := d.leastSchool(conn, written)
	return own.name, err
}

// referenceName returns the name of the reference establishment of a person's
// school, which is the school itself where it has none.
func (d *Directory) referenceName(conn *goldap.Conn, written []string) (string, error) {
	own, err := d.leastSchool(conn, written)
	if err != nil || own.reference == "" {
		return own.name, err
	}
	reference, err := d.school(conn, own.reference)
	return reference.name, err
}

func (d *Directory) leastSchool(conn *goldap.Conn, written []string) (least establishment, err error) {
	for i, value := range written {
		one, err := d.school(conn, value)
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
func (d *Directory) school(conn *goldap.Conn, value string) (establishment, error) {
	uai, isUAI := spelling.UAI(value)
	dn, isDN := parseDNValue(value)
	if !isUAI && !isDN {
		return establishment{name: strings.TrimSpace(value)}, nil
	}
	key := uai
	if !isUAI {
		key = canonicalDN(dn)
	}
	if cached, ok := d.schools.Get(key); ok && time.Since(cached.asked) < schoolTTL {
		return cached.establishment, nil
	}
	found := establishment{name: key}
	var entry *goldap.Entry
	var err error
	if isUAI {
		entry, err = d.schoolEntry(conn, uai)
	} else if d.holds(dn) {
		entry, err = d.read(conn, dn, anyEntry, d.ofOthers)
	}
	if err != nil {
		return establishment{}, err
	}
	if entry != nil {
		found = d.describeSchool(entry)
	}
	if isUAI {
		found.name = uai
	}
	d.schools.Add(key, cachedEstablishment{found, time.Now()})
	return found, nil
}

// schoolEntry returns the one entry of a UAI, or nil.
func (d *Directory) schoolEntry(conn *goldap.Conn, uai string) (*goldap.Entry, error) {
	if d.config.EstablishmentFilter == "" {
		return nil, nil
	}
	var filter strings.Builder
	for _, form := range spelling.UAIForms(uai) {
		filter.WriteString(d.establishmentFilter.fill(form))
	}
	matches, err := d.search(conn, "(|"+filter.String()+")", 2, d.ofOthers)
	if err != nil || matches.more || len(matches.entries) != 1 {
		return nil, err
	}
	return matches.entries[0], nil
}

// describeSchool reads a school's entry.
func (d *Directory) describeSchool(entry *goldap.Entry) establishment {
	described := establishment{name: canonicalDN(entry.DN), dn: entry.DN}
	for _, value := range valuesIn(entry, d.config.EstablishmentUAI) {
		if uai, ok := spelling.UAI(value); ok {
			described.name = uai
			break
		}
	}
	if references := valuesIn(entry, d.config.EstablishmentReference); len(references) > 0 {
		described.reference = references[0]
	}
	return described
}
