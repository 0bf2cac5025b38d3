package milter

import (
	"context"
	"log/slog"
	"strings"

	"github.com/rcptquota/rcptquota/milter/reply"
	"github.com/rcptquota/rcptquota/quota"
	"github.com/rcptquota/rcptquota/quota/list"
	"github.com/rcptquota/rcptquota/quota/list/from"
)

// Messages of the records that are not about the fate of one message: sentences for the
// administrator. Like all messages and keys of the log, they are explained in
// deploy/postfix/operations.md and do not change.
const (
	msgNoEnd        = "no message reaches its end"
	msgNotSettled   = "cannot settle what a message reserved"
	msgCannotAccept = "cannot accept a connection"
)

// record writes the one log record of a message. Its message is the action.
func (s *session) record(v *quota.Verdict) {
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
	a := make(attrs, 0, 24)
	a.text("queue_id", s.tx.queueID)
	a.text("sender", v.Sender)
	a.text("class", v.Class)
	if v.Reason != quota.NoReason {
		a.text("reason", v.Reason.String())
	}
	a.add(slog.Int("recipients", v.Recipients))
	if v.Limit > 0 {
		a.add(slog.Int("limit", v.Limit))
	}
	if v.Visible > 0 {
		a.add(slog.Int("visible", v.Visible))
	}
	if v.Window.Per > 0 {
		a.add(slog.String("window", reply.ShortDuration(v.Window.Per)), slog.Int("used", v.Used))
	}
	if !v.RetryAt.IsZero() {
		a.add(slog.Time("retry_at", v.RetryAt))
	}
	a.text("list", v.List)
	a.text("from_check", fromCheck(v.FromFault))
	a.text("removed", removed(v.Posting))
	a.flag("premium", v.Premium)
	a.flag("unknown", v.Unknown)
	a.flag("degraded", v.Degraded)
	if s.client.IsValid() {
		a.text("client", s.client.String())
	}
	a.text("role", s.role.String())
	a.add(slog.Float64("elapsed_ms", float64(s.tx.elapsed.Microseconds())/1000))
	if v.Err != nil {
		a.text("error", v.Err.Error())
	}
	return a
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
