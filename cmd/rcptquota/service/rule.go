package service

import (
	"cmp"
	"fmt"

	"github.com/rcptquota/rcptquota/quota"
	"github.com/rcptquota/rcptquota/quota/history"
)

// ruleOf says in one sentence which rule decided, with its numbers. It is empty for a
// message that no rule stopped.
func ruleOf(r *history.Record) string {
	switch r.Reason {
	case quota.MessageLimit.String():
		if r.Members > 0 {
			return fmt.Sprintf("the list %s alone counts as %d recipients, and %s", r.List, r.Members, limitOf(r))
		}
		return fmt.Sprintf("it has %d recipients, and %s", r.Recipients, limitOf(r))
	case quota.WindowLimit.String():
		return windowRule(r)
	case quota.Concurrency.String():
		return "too many of the sender's messages were under way at once"
	case quota.DirectoryUnavailable.String():
		if r.List != "" {
			return "the directory could not say whether the sender may post to " + r.List
		}
		if r.Visible > 0 {
			return fmt.Sprintf("the directory could not say whether the sender may show %d addresses in To and Cc", r.Visible)
		}
		return fmt.Sprintf("the directory could not say whether the sender may write to %d recipients at once", r.Recipients)
	case quota.StoreUnavailable.String():
		return "the store of the counts and grants could not be asked"
	case quota.VisibleRecipients.String():
		return fmt.Sprintf("it shows %d addresses in To and Cc, and one message may show %d, in class %s", r.Visible, r.Limit, r.Class)
	case quota.Unauthenticated.String():
		return "the sender had not logged in"
	}
	return listRule(r)
}

func listRule(r *history.Record) string {
	list := cmp.Or(r.List, "a list")
	switch r.Reason {
	case quota.ListPosting.String():
		if r.Action == quota.Redirect.String() {
			return "the sender may not post to " + list + ", so that its managers got the message instead"
		}
		return "the sender may not post to " + list
	case quota.ListFrom.String():
		return fmt.Sprintf("the post to %s does not say that it is from its sender (%s)", list, r.FromCheck)
	case quota.ListAutomatic.String():
		return list + " takes no bounces, receipts or automatic replies"
	case quota.ListHeader.String():
		return "the post to " + list + " has more header fields that name a sender than can be removed"
	case quota.ListUnchecked.String():
		return "Postfix does not show the header of the message, without which " + list + " takes none"
	}
	return r.Reason
}

// limitOf says what a message may have.
func limitOf(r *history.Record) string {
	text := fmt.Sprintf("one message may have %d", r.Limit)
	if r.Class != "" {
		text += ", in class " + r.Class
	} else {
		text += ", in any class"
	}
	return text + grantedOf(r)
}

func grantedOf(r *history.Record) string {
	if r.Granted == 0 {
		return ""
	}
	return fmt.Sprintf(", of which %d are granted for a while", r.Granted)
}

func windowRule(r *history.Record) string {
	what := "different recipients"
	if r.Count == quota.Copies.String() {
		what = "copies"
	}
	rule := fmt.Sprintf("%d %s in %v are allowed in class %s%s", r.Limit, what, r.Window, r.Class, grantedOf(r))
	if r.RetryAt.IsZero() {
		return fmt.Sprintf("%s, and the message alone has %d recipients", rule, r.Recipients)
	}
	return fmt.Sprintf("%s; %d were used, and the message has %d recipients", rule, r.Used, r.Recipients)
}
