package ldap

import (
	"slices"
	"strings"

	goldap "github.com/go-ldap/ldap/v3"

	"github.com/rcptquota/rcptquota/quota/mailaddr"
)

// person is someone who can log in: an entry that user_filter finds.
type person struct {
	id        string   // the DN in one spelling, as quota.Sender.ID
	dn        string   // as the server writes it
	login     string   // one of them, for people to read; may be empty
	addresses []string // professional, as mailaddr.PersonKey; the main one first
	schools   []string // as written
}

// describePerson reads a person's entry. Only attributes with the exact name count, not
// the subtypes that the server returned with them.
func (d *Directory) describePerson(entry *goldap.Entry) person {
	p := person{id: canonicalDN(entry.DN), dn: entry.DN, addresses: d.addresses(entry), schools: d.establishments(entry)}
	if logins := valuesIn(entry, d.userFilter.attributes); len(logins) > 0 {
		p.login = logins[0]
	}
	return p
}

// addresses returns the professional addresses of an entry. Of proxyAddresses the
// main one begins with "SMTP:", and so sorts before the others.
func (d *Directory) addresses(entry *goldap.Entry) []string {
	var all []string
	for _, attribute := range d.config.UserAddresses {
		for _, value := range slices.Sorted(slices.Values(entry.GetEqualFoldAttributeValues(attribute))) {
			address, ok := withoutType(value)
			if key := mailaddr.PersonKey(address); ok && !slices.Contains(all, key) {
				all = append(all, key)
			}
		}
	}
	return all
}

// withoutType returns an address, without the type "smtp:" if it has it. It reports
// false for addresses of other types, such as "sip:" and "X400:".
func withoutType(value string) (string, bool) {
	value = strings.TrimSpace(value)
	if match := typed.FindStringSubmatch(value); match != nil {
		return match[2], strings.EqualFold(match[1], "smtp")
	}
	return value, value != ""
}

// establishments returns the schools of an entry, as written.
func (d *Directory) establishments(entry *goldap.Entry) []string {
	for _, attribute := range d.config.UserEstablishment {
		if values := entry.GetEqualFoldAttributeValues(attribute); len(values) > 0 {
			return values
		}
	}
	return nil
}

// valuesIn returns the values of the attributes, sorted attribute by attribute, as
// servers return values in no order.
func valuesIn(entry *goldap.Entry, attributes []string) []string {
	var all []string
	for _, attribute := range attributes {
		all = slices.AppendSeq(all, slices.Values(slices.Sorted(slices.Values(entry.GetEqualFoldAttributeValues(attribute)))))
	}
	return all
}

// canonicalDN returns the one spelling of a DN (RFC 4514): two texts for one entry give
// the same. Values are written in lower case, too: directories ignore case in the
// attributes that name people. What is no DN is only written in lower case.
func canonicalDN(text string) string {
	text = strings.ToLower(text)
	if dn, err := goldap.ParseDN(text); err == nil {
		text = strings.ToLower(dn.String()) // escapes may have hidden a capital
	}
	return text
}
