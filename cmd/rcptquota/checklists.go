package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/rcptquota/rcptquota/milter"
	"github.com/rcptquota/rcptquota/quota"
)

// isInbound reports whether mail from elsewhere comes in by a socket.
func isInbound(c milter.ListenConfig) bool { return c.MessageRole() == quota.Inbound }

// showLists tells who may post to lists.
func showLists(ctx context.Context, out io.Writer, policy *quota.Policy, addresses []string) error {
	var errs []error
	for _, address := range addresses {
		list, err := policy.FindList(ctx, address)
		if err == nil {
			fmt.Fprintf(out, "list %s: %s\n", list.Address, whoPosts(&list))
			err = list.Fault
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("list %s: %w", address, err))
		}
	}
	return errors.Join(errs...)
}

// whoPosts tells who may post to a list, and what becomes of the others' messages.
func whoPosts(list *quota.FoundList) string {
	kind := "owners, since it has no moderators"
	if list.Moderated {
		kind = "moderators"
	}
	var ids []string
	for _, m := range list.Managers() {
		ids = append(ids, m.ID)
	}
	managers := kind + ": " + cmp.Or(strings.Join(ids, "; "), "nobody")
	switch {
	case list.Unauthorised == quota.Accept:
		return "everybody may post; it is managed by its " + managers
	case len(ids) == 0:
		return "nobody may post: none of its managers can be found"
	case list.Unauthorised == quota.Redirect:
		return "what others send goes to those who may post, its " + managers
	}
	return "posts come from its " + managers
}
