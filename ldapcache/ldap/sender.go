package ldap

import (
	"context"
	"fmt"
	"slices"
	"strings"

	goldap "github.com/go-ldap/ldap/v3"

	"github.com/rcptquota/rcptquota/quota"
	"github.com/rcptquota/rcptquota/quota/mailaddr"
)

// Sender asks for the sender of one login, as [spelling.Login] writes it. The error is
// as [quota.Directory.Sender] says.
func (d *Directory) Sender(ctx context.Context, login string) (quota.Sender, error) {
	var users found
	var sender quota.Sender
	err := d.client.Do(ctx, func(conn *goldap.Conn) (err error) {
		users, err = d.search(conn, d.userFilter.fill(login), 2, d.ofSenders)
		if err == nil && len(users.entries) == 1 && !users.more {
			sender, err = d.describe(conn, users.entries[0])
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
	return sender, nil
}

// describe reads a sender's entry, and looks up the sender's school.
func (d *Directory) describe(conn *goldap.Conn, user *goldap.Entry) (quota.Sender, error) {
	p := d.describePerson(user)
	sender := quota.Sender{ID: p.id, Addresses: p.addresses}
	for _, name := range d.attributes {
		if values := user.GetEqualFoldAttributeValues(name); len(values) > 0 {
			if sender.Attributes == nil {
				sender.Attributes = make(map[string][]string, len(d.attributes))
			}
			sender.Attributes[name] = values
		}
	}
	var err error
	sender.Establishment, err = d.schoolName(conn, p.schools)
	return sender, err
}

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
