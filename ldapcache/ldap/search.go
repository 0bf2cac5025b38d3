package ldap

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	goldap "github.com/go-ldap/ldap/v3"
)

const (
	// noAttributes asks for entries without attributes (RFC 4511 section 4.5.1.8).
	noAttributes = "1.1"
	// anyEntry matches all (RFC 4512 section 2.4.1).
	anyEntry = "(objectClass=*)"
)

// noSuchEntry are the results that say for sure that there is no such entry.
var noSuchEntry = []uint16{goldap.LDAPResultNoSuchObject, goldap.LDAPResultInvalidDNSyntax}

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
	entries []*goldap.Entry
	more    bool // the server has more entries than it returns
}

// String names the entries, for the log.
func (f found) String() string {
	var dns []string
	for _, entry := range f.entries {
		dns = append(dns, entry.DN)
	}
	return cmp.Or(strings.Join(dns, " and "), "the server returns none of them")
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
func (d *Directory) search(conn *goldap.Conn, filter string, limit int, attributes []string) (found, error) {
	return d.ask(conn, query{d.config.Base, goldap.ScopeWholeSubtree, filter, limit, attributes})
}

// read brings the entry of a DN; nil when it is not there, or does not match.
func (d *Directory) read(conn *goldap.Conn, dn, filter string, attributes []string) (*goldap.Entry, error) {
	match, err := d.ask(conn, query{dn, goldap.ScopeBaseObject, filter, 0, attributes})
	switch {
	case goldap.IsErrorAnyOf(err, noSuchEntry...):
		return nil, nil
	case err != nil || len(match.entries) == 0:
		return nil, err
	}
	return match.entries[0], nil
}

// ask makes one search.
func (d *Directory) ask(conn *goldap.Conn, q query) (found, error) {
	result, err := conn.Search(d.request(q))
	return d.readResult(q, result, err)
}

// pageSize is how many entries [Directory.askAll] gets at a time; AD gives no more.
const pageSize = 500

// askAll makes a search in pages (RFC 2696), which may have more entries than a server
// returns at once. Servers have a limit for all pages together, too.
func (d *Directory) askAll(conn *goldap.Conn, q query) (found, error) {
	result, err := conn.SearchWithPaging(d.request(q), pageSize)
	return d.readResult(q, result, err)
}

func (d *Directory) request(q query) *goldap.SearchRequest {
	// Rounded up: when it has passed, nobody waits any more; 0 would be no limit.
	seconds := int(d.config.Timeout.Duration/time.Second) + 1
	return goldap.NewSearchRequest(q.dn, q.scope, goldap.NeverDerefAliases, q.limit, seconds, false, q.filter, q.attributes, nil)
}

// holds reports whether a DN is that of an entry below base.
func (d *Directory) holds(text string) bool {
	dn, err := goldap.ParseDN(text)
	return err == nil && (d.base.EqualFold(dn) || d.base.AncestorOfFold(dn))
}

// readResult reads what a search brought. A server that does not hold the whole tree
// refers to others for the rest (RFC 4511 section 4.5.3), which we do not ask. Where
// those may hold what was looked for, nothing is known: that is an error.
func (d *Directory) readResult(q query, result *goldap.SearchResult, err error) (found, error) {
	switch {
	case err == nil && len(result.Entries) > 0:
		return found{entries: result.Entries}, nil
	case err == nil:
		elsewhere := slices.DeleteFunc(slices.Clone(result.Referrals), d.isIgnored)
		if len(elsewhere) == 0 {
			return found{}, nil
		}
		err = goldap.NewError(goldap.LDAPResultReferral, fmt.Errorf("no entry found, but the server refers to %s; "+
			"name a base that the server holds completely", strings.Join(elsewhere, ", ")))
	case goldap.IsErrorWithCode(err, goldap.LDAPResultSizeLimitExceeded):
		return found{entries: result.Entries, more: true}, nil
	}
	return found{}, fmt.Errorf("search below %q: %w", q.dn, err)
}

// partitions are those to which Active Directory refers in each search of a whole domain
// ([MS-ADTS] section 3.1.1.4.7): its configuration, and the records of its DNS.
var partitions = []string{"cn=configuration,", "dc=forestdnszones,", "dc=domaindnszones,"}

// isIgnored reports whether no senders and no lists are where a reference leads.
func (d *Directory) isIgnored(reference string) bool {
	u, err := parseURL(reference)
	if err != nil {
		return false
	}
	if slices.ContainsFunc(partitions, func(name string) bool { return strings.HasPrefix(strings.ToLower(u.dn), name) }) {
		return true
	}
	dn, err := goldap.ParseDN(u.dn)
	return err == nil && slices.ContainsFunc(d.ignored, func(ignored *goldap.DN) bool {
		return ignored.EqualFold(dn) || ignored.AncestorOfFold(dn)
	})
}

// references are those of a search of the whole tree that are not ignored. Servers
// return them with any filter; the one here finds no entry.
func (d *Directory) references(conn *goldap.Conn) ([]string, error) {
	result, err := conn.Search(d.request(query{d.config.Base, goldap.ScopeWholeSubtree, d.userFilter.fill(nobodysLogin), 1, []string{noAttributes}}))
	if err != nil && !goldap.IsErrorWithCode(err, goldap.LDAPResultSizeLimitExceeded) {
		return nil, fmt.Errorf("search below %q: %w", d.config.Base, err)
	}
	return slices.DeleteFunc(slices.Clone(result.Referrals), d.isIgnored), nil
}

const nobodysLogin = "nobody@rcptquota.invalid"

// parseEach reads DNs.
func parseEach(texts []string) ([]*goldap.DN, error) {
	all := make([]*goldap.DN, len(texts))
	for i, text := range texts {
		var err error
		if all[i], err = goldap.ParseDN(text); err != nil {
			return nil, err
		}
	}
	return all, nil
}
