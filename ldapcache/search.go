package ldapcache

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/go-ldap/ldap/v3"
	lru "github.com/hashicorp/golang-lru/v2"
)

const (
	// noAttributes asks for entries without attributes (RFC 4511 section 4.5.1.8).
	noAttributes = "1.1"
	// anyEntry matches all (RFC 4512 section 2.4.1).
	anyEntry = "(objectClass=*)"
)

// nobody are the results that say for sure that there is no such entry.
var nobody = []uint16{ldap.LDAPResultNoSuchObject, ldap.LDAPResultInvalidDNSyntax}

// searcher finds senders, and whoever else is named, in LDAP. Of schools it
// remembers a little.
type searcher struct {
	config     Config // with its preset
	base       *ldap.DN
	ignored    []*ldap.DN // references to these hold nobody
	client     *client
	schools    *lru.Cache[string, knownEstablishment]
	attributes []string // that classes match on, in lower case

	// The filters of the configuration. What matches anyValue of the first is a person.
	userFilter, establishmentFilter, premiumFilter, listFilter template

	ofPersons []string // attributes asked of persons
	ofSenders []string // the same, and those that classes match on
	ofOthers  []string // attributes asked of groups and schools
	ofLists   []string // attributes asked of lists
	ofListed  []string // those among them that name managers and members
}

func newSearcher(config Config, client *client, attributes []string) (*searcher, error) {
	base, err := ldap.ParseDN(config.Base)
	if err != nil {
		return nil, fmt.Errorf("base: %w", err)
	}
	ignored, err := parseEach(config.IgnoreReferences)
	if err != nil {
		return nil, fmt.Errorf("ignore_references: %w", err)
	}
	s := &searcher{
		config:     config,
		base:       base,
		ignored:    ignored,
		client:     client,
		schools:    newSchools(),
		attributes: attributes,
		ofOthers:   once(config.GroupMembers, config.EstablishmentUAI, config.EstablishmentReference),
	}
	for i, filter := range []*template{&s.userFilter, &s.establishmentFilter, &s.premiumFilter, &s.listFilter} {
		if *filter, err = config.filters()[i].parse(); err != nil {
			return nil, err
		}
	}
	s.ofPersons = once(config.UserAddresses, config.UserEstablishment, s.userFilter.attributes)
	s.ofSenders = once(s.ofPersons, attributes)
	s.ofLists = once(s.listFilter.attributes, config.ListOwners, config.ListModerators)
	if config.CountMembers {
		s.ofLists = once(s.ofLists, config.ListMembers)
	}
	s.ofListed = s.ofLists[len(s.listFilter.attributes):]
	return s, nil
}

// once joins the names of attributes, each of which a server is asked for once
// (RFC 4511 section 4.5.1.8).
func once(lists ...[]string) (all []string) {
	for _, name := range slices.Concat(lists...) {
		if !slices.ContainsFunc(all, func(other string) bool { return strings.EqualFold(other, name) }) {
			all = append(all, name)
		}
	}
	return all
}

// found is what a search brought.
type found struct {
	entries []*ldap.Entry
	more    bool // the server has more entries than it may tell
}

// String names the entries, for the log.
func (f found) String() string {
	var dns []string
	for _, entry := range f.entries {
		dns = append(dns, entry.DN)
	}
	return cmp.Or(strings.Join(dns, " and "), "the server tells none of them")
}

// query is a search.
type query struct {
	dn         string
	scope      int // of the ldap package
	filter     string
	limit      int // the most entries; 0: all
	attributes []string
}

// search brings at most limit entries of the whole tree.
func (s *searcher) search(conn *ldap.Conn, filter string, limit int, attributes []string) (found, error) {
	return s.ask(conn, query{s.config.Base, ldap.ScopeWholeSubtree, filter, limit, attributes})
}

// read brings the entry of a DN; nil when it is not there, or does not match.
func (s *searcher) read(conn *ldap.Conn, dn, filter string, attributes []string) (*ldap.Entry, error) {
	match, err := s.ask(conn, query{dn, ldap.ScopeBaseObject, filter, 0, attributes})
	switch {
	case ldap.IsErrorAnyOf(err, nobody...):
		return nil, nil
	case err != nil || len(match.entries) == 0:
		return nil, err
	}
	return match.entries[0], nil
}

// ask makes one search.
func (s *searcher) ask(conn *ldap.Conn, q query) (found, error) {
	result, err := conn.Search(s.request(q))
	return s.told(q, result, err)
}

// pageSize is how many entries [searcher.askAll] gets at a time; AD gives no more.
const pageSize = 500

// askAll makes a search that may have more entries than a server tells at once
// (RFC 2696). Servers have limits for that too.
func (s *searcher) askAll(conn *ldap.Conn, q query) (found, error) {
	result, err := conn.SearchWithPaging(s.request(q), pageSize)
	return s.told(q, result, err)
}

func (s *searcher) request(q query) *ldap.SearchRequest {
	// The next whole second, when nobody waits any more: 0 would be no limit.
	seconds := int(s.config.Timeout.Duration/time.Second) + 1
	return ldap.NewSearchRequest(q.dn, q.scope, ldap.NeverDerefAliases, q.limit, seconds, false, q.filter, q.attributes, nil)
}

// holds reports whether a DN is that of an entry below base.
func (s *searcher) holds(text string) bool {
	dn, err := ldap.ParseDN(text)
	return err == nil && (s.base.EqualFold(dn) || s.base.AncestorOfFold(dn))
}
