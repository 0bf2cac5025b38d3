package ldapcache

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/go-ldap/ldap/v3"

	"github.com/rcptquota/rcptquota/quota"
)

// noAttributes asks for entries without attributes (RFC 4511 section 4.5.1.8).
const noAttributes = "1.1"

// searcher finds senders in LDAP. It remembers nothing.
type searcher struct {
	config     Config // with its preset
	client     *client
	attributes []string // that classes match on, in lower case
	request    []string // all attributes asked of a sender's entry
}

func newSearcher(config Config, client *client, attributes []string) *searcher {
	return &searcher{
		config:     config,
		client:     client,
		attributes: attributes,
		request:    slices.Concat(config.UserAddresses, config.UserEstablishment, attributes),
	}
}

// sender asks the directory for one login. The error is as
// [quota.Directory.Sender] says.
func (s *searcher) sender(ctx context.Context, login string) (quota.Sender, error) {
	var users found
	var premium bool
	err := s.client.do(ctx, func(conn *ldap.Conn) (err error) {
		users, err = s.search(conn, fill(s.config.UserFilter, loginPlace, login), 2, s.request)
		if err == nil && len(users.entries) == 1 && !users.more {
			premium, err = s.premium(conn, users.entries[0])
		}
		return err
	})
	switch {
	case err != nil:
		return quota.Sender{}, err
	case users.more || len(users.entries) > 1:
		return quota.Sender{}, fmt.Errorf("%w: %s", quota.ErrAmbiguous, users)
	case len(users.entries) == 0:
		return quota.Sender{}, quota.ErrAbsent
	}
	sender := s.describe(users.entries[0])
	sender.Premium = premium
	return sender, nil
}

// describe reads a sender's entry. Only an attribute's exact name counts: its
// subtypes came along.
func (s *searcher) describe(user *ldap.Entry) quota.Sender {
	sender := quota.Sender{ID: canonicalDN(user.DN)}
	for _, name := range s.config.UserAddresses {
		for _, address := range user.GetEqualFoldAttributeValues(name) {
			sender.Addresses = append(sender.Addresses, strings.ToLower(address))
		}
	}
	if schools := s.establishments(user); len(schools) > 0 {
		sender.Establishment = slices.Min(schools) // values come in no order
	}
	for _, name := range s.attributes {
		if values := user.GetEqualFoldAttributeValues(name); len(values) > 0 {
			if sender.Attributes == nil {
				sender.Attributes = make(map[string][]string, len(s.attributes))
			}
			sender.Attributes[name] = values
		}
	}
	return sender
}

func (s *searcher) establishments(user *ldap.Entry) []string {
	for _, name := range s.config.UserEstablishment {
		if values := user.GetEqualFoldAttributeValues(name); len(values) > 0 {
			return values
		}
	}
	return nil
}

// premium reports whether a designation group has the user, or one of the user's
// schools, as a member.
func (s *searcher) premium(conn *ldap.Conn, user *ldap.Entry) (bool, error) {
	if len(s.config.PremiumMembers) == 0 {
		return false, nil
	}
	members := []string{user.DN}
	for _, school := range s.establishments(user) {
		if dn, err := ldap.ParseDN(school); err == nil && len(dn.RDNs) > 0 { // else a UAI
			members = append(members, school)
		}
	}
	groups, err := s.search(conn, memberFilter(s.config.PremiumFilter, s.config.PremiumMembers, members), 1, []string{noAttributes})
	return groups.more || len(groups.entries) > 0, err
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

// search brings at most limit entries of the whole tree.
func (s *searcher) search(conn *ldap.Conn, filter string, limit int, attributes []string) (found, error) {
	// The next whole second, when nobody waits any more: 0 would be no limit.
	seconds := int(s.config.Timeout.Duration/time.Second) + 1
	result, err := conn.Search(ldap.NewSearchRequest(s.config.Base,
		ldap.ScopeWholeSubtree, ldap.NeverDerefAliases, limit, seconds, false, filter, attributes, nil))
	switch {
	case err == nil && len(result.Entries) == 0 && len(result.Referrals) > 0:
		err = ldap.NewError(ldap.LDAPResultReferral, fmt.Errorf("no entry here, but others may be at %s; "+
			"name a base that the server holds whole", strings.Join(result.Referrals, ", ")))
	case err == nil:
		return found{entries: result.Entries}, nil
	case ldap.IsErrorWithCode(err, ldap.LDAPResultSizeLimitExceeded):
		return found{entries: result.Entries, more: true}, nil
	}
	return found{}, fmt.Errorf("search below %q: %w", s.config.Base, err)
}

// fill puts a value into a filter, as a value and never as syntax (RFC 4515
// section 3).
func fill(filter, place, value string) string {
	return strings.ReplaceAll(filter, place, ldap.EscapeFilter(value))
}

// memberFilter narrows filter to the groups of which one of the attributes names
// one of the DNs.
func memberFilter(filter string, attributes, dns []string) string {
	var b strings.Builder
	b.WriteString("(&" + filter + "(|")
	for _, attribute := range attributes {
		for _, dn := range dns {
			b.WriteString("(" + attribute + "=" + ldap.EscapeFilter(dn) + ")")
		}
	}
	b.WriteString("))")
	return b.String()
}
