package milter

import (
	"context"
	"log/slog"
	"strings"

	"github.com/rcptquota/rcptquota/quota"
	"github.com/rcptquota/rcptquota/quota/conf"
	"github.com/rcptquota/rcptquota/quota/list"
	"github.com/rcptquota/rcptquota/quota/list/from"
)

// Messages of the records that are not about the fate of one message: sentences for the
// administrator. Like all messages and keys of the log, they are explained in
// deploy/postfix/operations.md and do not change.
const (
	// Log record "no message reaches its end": an error: a Postfix service should not ask rcptquota,
	// or its listener needs `count = "data"`: see [Content filters](README.md#content-filters)
	msgNoEnd = "no message reaches its end"
	// Log record "cannot settle what a message reserved": a warning: the message's recipients may stay
	// counted, or may not be
	msgNotSettled = "cannot settle what a message reserved"
	// Log record "cannot change a message or put it on hold": a warning: the message is deferred (`451`), and its
	// connection ends, perhaps because that is older than a reload; it has no other record
	msgNotChanged = "cannot change a message or put it on hold"
	// Log record "cannot accept a connection": an error, for instance because there are too many open
	// files; it is tried again after `retry_in`
	msgCannotAccept = "cannot accept a connection"
)

// record writes the one log record of a message, whose message is the action, and tells
// the observer.
func (s *session) record(v *quota.Verdict) {
	s.observe(v)
	// Message record "accepted": at the end of a message that passed (a message given up after DATA
	// leaves no record); with `count = "data"`, at DATA
	// Message record "refused": at the refusal; in role inbound, for the RCPT refused; for the header,
	// at the end of the message
	// Message record "deferred": the same, for a `4xx` reply
	// Message record "redirected": at the end of a message that went to a list's managers instead of
	// the list
	// Message record "held": at the end of a message that Postfix took and put on hold, for a window
	// with `exceeded = "hold"`
	// Message record "would_refuse": at the end of a message that passed only because rules are not
	// enforced
	level := slog.LevelInfo
	if v.Action != quota.Accept || v.Err != nil {
		level = slog.LevelWarn
	}
	ctx := context.Background()
	if s.server.log.Enabled(ctx, level) {
		s.server.log.LogAttrs(ctx, level, v.Action.String(), s.attrs(v)...) //nolint:sloglint // of a closed set
	}
}

// attrs are the keys of a message's record. One that has nothing to say is left out.
// Recipients are counted, never named.
func (s *session) attrs(v *quota.Verdict) []slog.Attr {
	a := make(attrs, 0, 25)
	// Message key "queue_id": Postfix's, to find the message in its log; the reference that the reply
	// quotes. If an RCPT is refused before the message's first good one, there is none: `NOQUEUE`, in
	// Postfix's log and in the reply
	a.text("queue_id", s.tx.queueID)
	// Message key "sender": the login; absent if there was none; `<>` for the null sender of a trusted
	// submitter, if it is counted
	a.text("sender", v.Sender)
	// Message key "class": the sender's class; absent without a login, and with more recipients than
	// any class allows, because the directory is then not asked
	a.text("class", v.Class)
	if v.Reason != quota.NoReason {
		// Message key "reason": `message_limit`, `window`, `concurrency`, `directory_unavailable`,
		// `store_unavailable`, `unauthenticated`, `exempt_network`, `list_posting`, `list_from`,
		// `list_automatic`, `list_header`, `list_unchecked`, `visible_recipients`;
		// absent if no rule applied
		a.text("reason", v.Reason.String())
	}
	a.numbers(v)
	a.facts(v)
	if s.client.IsValid() {
		// Message key "client": the SMTP client's address
		a.text("client", s.client.String())
	}
	// Message key "role": `submission` or `inbound`
	a.text("role", s.role.String())
	// Message key "elapsed_ms": how long the decision took, in milliseconds
	a.add(slog.Float64("elapsed_ms", float64(s.tx.elapsed.Microseconds())/1000))
	if v.Err != nil {
		// Message key "error": what went wrong with the directory or the store; the decision holds all the
		// same
		a.text("error", v.Err.Error())
	}
	return a
}

// numbers adds what was counted, and what it was compared with.
func (a *attrs) numbers(v *quota.Verdict) {
	// Message key "recipients": distinct recipients that count; all recipients, if nothing is counted
	a.add(slog.Int("recipients", v.Recipients))
	if v.Limit > 0 {
		// Message key "limit": the most that would have passed, of the message or of the window,
		// or of the addresses that are visible
		a.add(slog.Int("limit", v.Limit))
	}
	if v.Visible > 0 {
		// Message key "visible": how many addresses `To` and `Cc` show, if that is too many; counted up
		// to 10001, never named
		a.add(slog.Int("visible", v.Visible))
	}
	if v.Granted > 0 {
		// Message key "granted": how many of `limit` the sender [has been granted](#more-for-a-while) for
		// a while, on top of the class
		a.add(slog.Int("granted", v.Granted))
	}
	if v.Window.Per > 0 {
		// Message key "window": the window without room
		// Message key "used": what that window holds
		a.add(slog.String("window", conf.Duration{Duration: v.Window.Per}.String()), slog.Int("used", v.Used))
	}
	if !v.RetryAt.IsZero() {
		// Message key "retry_at": from when the message will pass; absent if it never will
		a.add(slog.Time("retry_at", v.RetryAt))
	}
}

// facts adds the list, and what is known of the sender and of the post.
func (a *attrs) facts(v *quota.Verdict) {
	// Message key "list": the list that decided, or that alone is above the limit, or else the first
	// in the alphabet that the message went to; only the domain, as `@listes.example.org`, if the
	// directory cannot tell whether the address is a list's or a person's
	a.text("list", v.List)
	// Message key "from_check": what was wrong, for `list_from`: `envelope` (the envelope sender),
	// `missing`, `several`, `malformed`, `other_address`, `name` (it has somebody else's address),
	// `encoding` (it cannot be read, and may hide an address)
	a.text("from_check", fromCheck(v.FromFault))
	// Message key "removed": the header fields that were removed from a post because they named
	// somebody else: `Sender`, `Resent-From` …
	a.text("removed", removed(v.Posting))
	// Message key "premium": `true` for a sender who is premium now
	a.flag("premium", v.Premium)
	// Message key "unknown": `true` if the directory has no entry for the login
	a.flag("unknown", v.Unknown)
	// Message key "degraded": `true` if the directory or Redis could not be asked: the verdict rests
	// on what this relay knew
	a.flag("degraded", v.Degraded)
}

// attrs are the keys of a record, in the order in which they are added.
type attrs []slog.Attr

func (a *attrs) add(more ...slog.Attr) { *a = append(*a, more...) }

// text adds a text, unless it is empty.
func (a *attrs) text(key, value string) {
	if value != "" {
		a.add(slog.String(key, value))
	}
}

// flag adds a flag that is set.
func (a *attrs) flag(key string, set bool) {
	if set {
		a.add(slog.Bool(key, true))
	}
}

// fromCheck is empty for no fault.
func fromCheck(f from.Fault) string {
	if f == from.NoFault {
		return ""
	}
	return f.String()
}

// removed names the header fields that were removed; p may be nil.
func removed(p *list.Posting) string {
	if p == nil {
		return ""
	}
	return strings.Join(p.Remove, ",")
}
