package ldapcache

import (
	"context"
	"fmt"

	"github.com/go-ldap/ldap/v3"

	"github.com/rcptquota/rcptquota/quota"
)

// sender asks the directory for one login. The error is as
// [quota.Directory.Sender] says.
func (s *searcher) sender(ctx context.Context, login string) (quota.Sender, error) {
	var users found
	var sender quota.Sender
	err := s.client.do(ctx, func(conn *ldap.Conn) (err error) {
		users, err = s.search(conn, s.userFilter.fill(login), 2, s.ofSenders)
		if err == nil && len(users.entries) == 1 && !users.more {
			sender, err = s.describe(conn, users.entries[0])
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

// describe reads a sender's entry, and looks up what it points to.
func (s *searcher) describe(conn *ldap.Conn, user *ldap.Entry) (quota.Sender, error) {
	p := s.describePerson(user)
	sender := quota.Sender{ID: p.id, Addresses: p.addresses}
	for _, name := range s.attributes {
		if values := user.GetEqualFoldAttributeValues(name); len(values) > 0 {
			if sender.Attributes == nil {
				sender.Attributes = make(map[string][]string, len(s.attributes))
			}
			sender.Attributes[name] = values
		}
	}
	var err error
	sender.Establishment, err = s.schoolName(conn, p.schools)
	return sender, err
}
