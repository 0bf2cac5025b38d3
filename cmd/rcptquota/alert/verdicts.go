package alert

import (
	"fmt"
	"strings"
	"time"

	"github.com/rcptquota/rcptquota/milter"
	"github.com/rcptquota/rcptquota/quota"
)

// day is how long an alert about a sender is not raised again. The date is part of its
// key, so a new day begins at midnight.
const day = 24 * time.Hour

// ofDecision returns the alert that a decision is worth at now. A message is worth one if its
// sender went too far: it was refused, or deferred because of a limit. An outage is told as
// such, and mail without a sender has nobody to talk to.
func ofDecision(d *milter.Decision, now time.Time) (Alert, bool) {
	v := d.Verdict
	limited := v.Action == quota.Defer && (v.Reason == quota.WindowLimit || v.Reason == quota.Concurrency)
	if v.Sender == "" || v.Action != quota.Refuse && !limited {
		return Alert{}, false
	}
	a := Alert{
		Kind: Refusal, Time: now, QueueID: d.QueueID, Sender: v.Sender, Class: v.Class, Reason: v.Reason.String(),
		Recipients: v.Recipients, Limit: v.Limit, Used: v.Used, Window: period(v.Window.Per),
		key: ofSender(Refusal, v.Sender, "", now), once: day,
	}
	a.Text = fmt.Sprintf("A message of %s was %v for the first time today: %s.", shown(v.Sender), v.Action, because(&a))
	return a, true
}

// because says why a message was refused.
func because(a *Alert) string {
	switch a.Reason {
	case quota.MessageLimit.String():
		return fmt.Sprintf("it has %d recipients, and the limit is %d", a.Recipients, a.Limit)
	case quota.WindowLimit.String():
		return fmt.Sprintf("it has %d recipients, and %d of %d are used in %s", a.Recipients, a.Used, a.Limit, a.Window)
	case quota.Concurrency.String():
		return "too many of the sender's messages are under way at once"
	case quota.ListPosting.String():
		return "the sender may not post to a list"
	}
	return "the reason is " + a.Reason
}

// Use is how much of a window a sender has used.
type Use struct {
	Window quota.Window
	// Used is how many recipients the window holds now.
	Used int
}

// ofUse returns the alert that a sender's use of a window is worth at now: from share
// percent of it on.
func ofUse(sender, class string, u Use, share int, now time.Time) (Alert, bool) {
	limit := u.Window.Recipients
	if limit == 0 || u.Used*100 < share*limit {
		return Alert{}, false
	}
	per := period(u.Window.Per)
	return Alert{
		Kind: Window, Time: now, Sender: sender, Class: class, Limit: limit, Used: u.Used, Window: per,
		Text: fmt.Sprintf("%s has used %d of the %d recipients of %s (%d %%).", shown(sender), u.Used, limit, per, u.Used*100/limit),
		key:  ofSender(Window, sender, per+" "+u.Window.Count.String(), now), once: day,
	}, true
}

// ofSender is the key of an alert about a sender, in whatever case the login is written.
func ofSender(k Kind, sender, detail string, now time.Time) string {
	return strings.Join([]string{k.String(), now.Local().Format(time.DateOnly), strings.ToLower(sender), detail}, " ")
}
