package ldapcache

import (
	"slices"
	"strings"

	"github.com/go-ldap/ldap/v3"

	"github.com/rcptquota/rcptquota/quota"
)

// person is someone who can log in: an entry that user_filter finds.
type person struct {
	id        string   // the DN in one spelling, as quota.Sender.ID
	dn        string   // as the server writes it
	login     string   // one of them, for people to read; may be empty
	addresses []string // professional, as quota.PersonKey; the main one first
	schools   []string // as written
}

// describePerson reads a person's entry. Only an attribute's exact name counts:
// its subtypes came along.
func (s *searcher) describePerson(entry *ldap.Entry) person {
	p := person{id: canonicalDN(entry.DN), dn: entry.DN, addresses: s.addresses(entry), schools: s.establishments(entry)}
	if logins := valuesIn(entry, s.userFilter.attributes); len(logins) > 0 {
		p.login = logins[0]
	}
	return p
}

// addresses returns the professional addresses of an entry. Of proxyAddresses the
// main one begins with "SMTP:", and so sorts before the others.
func (s *searcher) addresses(entry *ldap.Entry) []string {
	var all []string
	for _, attribute := range s.config.UserAddresses {
		for _, value := range slices.Sorted(slices.Values(entry.GetEqualFoldAttributeValues(attribute))) {
			address, ok := untyped(value)
			if key := quota.PersonKey(address); ok && !slices.Contains(all, key) {
				all = append(all, key)
			}
		}
	}
	return all
}

// untyped returns an address, without the type "smtp:" if it has it. It reports
// false for addresses of other types, such as "sip:" and "X400:".
func untyped(value string) (string, bool) {
	value = strings.TrimSpace(value)
	if match := typed.FindStringSubmatch(value); match != nil {
		return match[2], strings.EqualFold(match[1], "smtp")
	}
	return value, value != ""
}

// establishments returns the schools of an entry, as written.
func (s *searcher) establishments(entry *ldap.Entry) []string {
	for _, attribute := range s.config.UserEstablishment {
		if values := entry.GetEqualFoldAttributeValues(attribute); len(values) > 0 {
			return values
		}
	}
	return nil
}

// valuesIn returns the values of the attributes, in one order for all time.
func valuesIn(entry *ldap.Entry, attributes []string) []string {
	var all []string
	for _, attribute := range attributes {
		all = slices.AppendSeq(all, slices.Values(slices.Sorted(slices.Values(entry.GetEqualFoldAttributeValues(attribute)))))
	}
	return all
}
