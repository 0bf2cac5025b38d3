package service

import (
	"testing"

	"github.com/rcptquota/rcptquota/quota"
	"github.com/rcptquota/rcptquota/quota/history"
)

// TestRuleOfVisible: the rule of a message that shows too many addresses has its numbers,
// and whether it would pass now is not known, since nothing of it is kept.
func TestRuleOfVisible(t *testing.T) {
	r := history.Record{Action: "refused", Reason: quota.VisibleRecipients.String(), Class: "entmip", Recipients: 1, Visible: 151, Limit: 30}
	if got := ruleOf(&r); got != "it shows 151 addresses in To and Cc, and one message may show 30, in class entmip" {
		t.Error(got)
	}
	if n := new(Parts).now(t.Context(), &r); n.Action != "" || n.Note == "" {
		t.Errorf("%+v", n)
	}
	r.Reason = quota.DirectoryUnavailable.String()
	if got := ruleOf(&r); got != "the directory could not say whether the sender may show 151 addresses in To and Cc" {
		t.Error(got)
	}
}
