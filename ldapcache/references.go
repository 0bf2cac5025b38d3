package ldapcache

import (
	"fmt"
	"slices"
	"strings"

	"github.com/go-ldap/ldap/v3"
)

// A server that does not hold the whole tree answers with what it has and refers to
// others for the rest (RFC 4511 section 4.5.3). They are not asked: where they may
// hold what was looked for, that is not known.

// told reads what a search brought. That entries may be elsewhere is no answer.
func (s *searcher) told(q query, result *ldap.SearchResult, err error) (found, error) {
	switch {
	case err == nil && len(result.Entries) > 0:
		return found{entries: result.Entries}, nil
	case err == nil:
		elsewhere := slices.DeleteFunc(slices.Clone(result.Referrals), s.isIgnored)
		if len(elsewhere) == 0 {
			return found{}, nil
		}
		err = ldap.NewError(ldap.LDAPResultReferral, fmt.Errorf("no entry here, but others may be at %s; "+
			"name a base that the server holds whole", strings.Join(elsewhere, ", ")))
	case ldap.IsErrorWithCode(err, ldap.LDAPResultSizeLimitExceeded):
		return found{entries: result.Entries, more: true}, nil
	}
	return found{}, fmt.Errorf("search below %q: %w", q.dn, err)
}

// partitions are what Active Directory refers to in each search of a whole domain
// ([MS-ADTS] section 3.1.1.4.7): its configuration, and the records of its DNS.
var partitions = []string{"cn=configuration,", "dc=forestdnszones,", "dc=domaindnszones,"}

// isIgnored reports whether there is nobody, and no list, where a reference points.
func (s *searcher) isIgnored(reference string) bool {
	u, err := parseURL(reference)
	if err != nil {
		return false
	}
	if slices.ContainsFunc(partitions, func(name string) bool { return strings.HasPrefix(strings.ToLower(u.dn), name) }) {
		return true
	}
	dn, err := ldap.ParseDN(u.dn)
	return err == nil && slices.ContainsFunc(s.ignored, func(ignored *ldap.DN) bool {
		return ignored.EqualFold(dn) || ignored.AncestorOfFold(dn)
	})
}

// references are those of a search of the whole tree that are not ignored. Servers
// tell them whatever the filter is; this one finds nobody.
func (s *searcher) references(conn *ldap.Conn) ([]string, error) {
	result, err := conn.Search(s.request(query{s.config.Base, ldap.ScopeWholeSubtree, s.userFilter.fill(nobodysLogin), 1, []string{noAttributes}}))
	if err != nil && !ldap.IsErrorWithCode(err, ldap.LDAPResultSizeLimitExceeded) {
		return nil, fmt.Errorf("search below %q: %w", s.config.Base, err)
	}
	return slices.DeleteFunc(slices.Clone(result.Referrals), s.isIgnored), nil
}

const nobodysLogin = "nobody@rcptquota.invalid"

// parseEach reads DNs.
func parseEach(texts []string) ([]*ldap.DN, error) {
	all := make([]*ldap.DN, len(texts))
	for i, text := range texts {
		var err error
		if all[i], err = ldap.ParseDN(text); err != nil {
			return nil, err
		}
	}
	return all, nil
}
