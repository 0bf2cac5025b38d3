package history

import (
	"net/netip"
	"strings"
	"time"

	"github.com/rcptquota/rcptquota/quota"
	"github.com/rcptquota/rcptquota/quota/conf"
	"github.com/rcptquota/rcptquota/quota/list/from"
)

// Record is a decision record. Its keys in JSON are those of the log record of the same
// message. Recipients are counted, never named, lists excepted.
type Record struct {
	Time time.Time `json:"time"`
	// Relay is the name of the relay's host.
	Relay string `json:"relay,omitempty"`
	// QueueID is Postfix's: the reference that the reply quotes. It is empty for an RCPT
	// that was refused before Postfix had one. A relay uses one again after a while.
	QueueID string `json:"queue_id,omitempty"`
	// Action is the name of a [quota.Action], and Reason that of a [quota.Reason].
	Action string `json:"action"`
	Reason string `json:"reason,omitempty"`
	// Sender and the rest are as in [quota.Facts].
	Sender     string `json:"sender,omitempty"`
	Class      string `json:"class,omitempty"`
	Recipients int    `json:"recipients"`
	Limit      int    `json:"limit,omitempty"`
	Granted    int    `json:"granted,omitempty"`
	Visible    int    `json:"visible,omitempty"`
	// Window is the length of the window without room, and Count the name of what it
	// counts ([quota.CountKind]); Used is what it held.
	Window  conf.Duration `json:"window,omitzero"`
	Count   string        `json:"count,omitempty"`
	Used    int           `json:"used,omitempty"`
	RetryAt time.Time     `json:"retry_at,omitzero"`
	List    string        `json:"list,omitempty"`
	Members int           `json:"members,omitempty"`
	// FromCheck is the name of a [from.Fault].
	FromCheck string     `json:"from_check,omitempty"`
	Premium   bool       `json:"premium,omitempty"`
	Unknown   bool       `json:"unknown,omitempty"`
	Degraded  bool       `json:"degraded,omitempty"`
	Client    netip.Addr `json:"client,omitzero"`
	Role      string     `json:"role,omitempty"`
	// Reply is the SMTP reply that was given; empty if the message went on.
	Reply string `json:"reply,omitempty"`
	// Unrecorded are earlier messages of the same sender that were stopped for the same
	// reason, so many that not each left a record.
	Unrecorded Unrecorded `json:"unrecorded,omitzero"`
}

// Leaves reports whether a verdict leaves a decision record: a message that was simply
// accepted leaves none.
func Leaves(v *quota.Verdict) bool { return v.Action != quota.Accept }

// Of returns the record of a verdict, without what the verdict does not say: Time,
// Relay, QueueID, Client, Role and Reply.
func Of(v *quota.Verdict) Record {
	r := Record{
		Action: v.Action.String(), Sender: v.Sender, Class: v.Class,
		Recipients: v.Recipients, Limit: v.Limit, Granted: v.Granted, Visible: v.Visible, RetryAt: v.RetryAt,
		List: v.List, Members: v.Members, Premium: v.Premium, Unknown: v.Unknown, Degraded: v.Degraded,
	}
	if v.Reason != quota.NoReason {
		r.Reason = v.Reason.String()
	}
	if v.Window.Per > 0 {
		r.Window.Duration, r.Count, r.Used = v.Window.Per, v.Window.Count.String(), v.Used
	}
	if v.FromFault != from.NoFault {
		r.FromCheck = v.FromFault.String()
	}
	return r
}

// Query says which records are meant; an empty field, all.
type Query struct {
	Since  time.Time
	Sender string // the login, in any case
	Reason string
	List   string // its address, in any case
}

// Matches reports whether a record is one of those.
func (q *Query) Matches(r *Record) bool {
	return !r.Time.Before(q.Since) &&
		(q.Sender == "" || strings.EqualFold(q.Sender, r.Sender)) &&
		(q.Reason == "" || q.Reason == r.Reason) &&
		(q.List == "" || strings.EqualFold(q.List, r.List))
}
