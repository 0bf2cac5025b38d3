package ldap

import (
	"context"
	"fmt"

	goldap "github.com/go-ldap/ldap/v3"

	"github.com/rcptquota/rcptquota/quota"
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
