package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/rcptquota/rcptquota/cmd/rcptquota/config"
	"github.com/rcptquota/rcptquota/cmd/rcptquota/term"
	"github.com/rcptquota/rcptquota/ldapcache"
	"github.com/rcptquota/rcptquota/ldapcache/ldap"
	"github.com/rcptquota/rcptquota/milter"
	"github.com/rcptquota/rcptquota/quota"
	"github.com/rcptquota/rcptquota/quota/list"
)

// isInbound reports whether mail from elsewhere comes in by a socket.
func isInbound(c milter.ListenConfig) bool { return c.MessageRole() == quota.Inbound }

// membersDirectory follows the members of lists down to persons.
type membersDirectory interface {
	// Copies tells whom Postfix sends no copy, where it expands the list of an
	// address; domains are those of lists.
	Copies(ctx context.Context, address string, domains []string) (ldap.Copies, error)
}

// showLists tells who may post to lists, and whose copies Postfix would not send. It
// puts the lists' numbers of members into counts, unless that is nil.
func showLists(ctx context.Context, out io.Writer, settings *config.Config, directory ldapcache.Directory, addresses []string, counts map[string]int) error {
	expanded, hasMembers := directory.(membersDirectory)
	var errs []error
	for _, address := range addresses {
		found, err := settings.Rules().Lists().FindOne(ctx, directory, address)
		if err == nil {
			term.New(out).Line("list %s: %s", found.Name, whoPosts(&found))
			err = found.Fault
			if counts != nil {
				counts[found.Name] = found.Members
			}
			if hasMembers {
				err = errors.Join(err, showMembers(ctx, out, expanded, found.Name, settings.ListDomains()))
			}
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("list %s: %w", address, err))
		}
	}
	return errors.Join(errs...)
}

// showMembers tells which members of a list get no copy where Postfix expands it.
func showMembers(ctx context.Context, out io.Writer, directory membersDirectory, address string, domains []string) error {
	copies, err := directory.Copies(ctx, address, domains)
	for _, m := range copies.Unusable {
		term.New(out).Line("list %s: where Postfix expands it, %s gets no copy: %q is not one plain address outside the list domains, nor up to five",
			address, m.DN, strings.Join(m.Addresses, ","))
	}
	for _, dn := range copies.Endless {
		term.New(out).Line("list %s: where Postfix expands it, every post waits: %s is a member of itself, or of too many levels of groups", address, dn)
	}
	return err
}

// whoPosts tells who may post to a list, and what becomes of the others' messages.
func whoPosts(l *list.Recipient) string {
	kind := "owners, since it has no moderators"
	if l.Moderated {
		kind = "moderators"
	}
	var ids []string
	for _, m := range l.Managers() {
		ids = append(ids, m.ID)
	}
	managers := kind + ": " + cmp.Or(strings.Join(ids, "; "), "nobody")
	switch {
	case l.Unauthorised() == list.Pass:
		return "everybody may post; it is managed by its " + managers
	case len(ids) == 0:
		return "nobody may post: none of its managers can be found"
	case l.Unauthorised() == list.Redirect:
		return "what others send goes to those who may post, its " + managers
	}
	return "posts come from its " + managers
}
