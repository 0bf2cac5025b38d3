package milter

import (
	"context"
	"log/slog"
	"strings"

	"github.com/rcptquota/rcptquota/quota"
	"github.com/rcptquota/rcptquota/quota/list"
	"github.com/rcptquota/rcptquota/quota/list/from"
)

// record writes the one log record of a message. Its message is the action, its
// keys are stable and explained in deploy/postfix/operations.md; a key that has nothing to say is
// left out. Recipients are counted, never named.
func (s *session) record(v *quota.Verdict) {
	level := slog.LevelInfo
	if v.Action != quota.Accept || v.Err != nil {
		level = slog.LevelWarn
	}
	ctx := context.Background()
	if !s.server.log.Enabled(ctx, level) {
		return
	}
	attrs := make([]slog.Attr, 0, 23)
	text := func(key, value string) {
		if value != "" {
			attrs = append(attrs, slog.String(key, value))
		}
	}
	flag := func(key string, value bool) {
		if value {
			attrs = append(attrs, slog.Bool(key, true))
		}
	}
	text("queue_id", s.tx.queueID)
	text("sender", v.Sender)
	text("class", v.Class)
	if v.Reason != quota.NoReason {
		text("reason", v.Reason.String())
	}
	attrs = append(attrs, slog.Int("recipients", v.Recipients))
	if v.Limit > 0 {
		attrs = append(attrs, slog.Int("limit", v.Limit))
	}
	if v.Window.Per > 0 {
		text("window", shortDuration(v.Window.Per))
		attrs = append(attrs, slog.Int("used", v.Used))
	}
	if !v.RetryAt.IsZero() {
		attrs = append(attrs, slog.Time("retry_at", v.RetryAt))
	}
	text("list", v.List)
	text("from_check", fromCheck(v.FromFault))
	text("removed", removed(v.Posting))
	flag("premium", v.Premium)
	flag("unknown", v.Unknown)
	flag("degraded", v.Degraded)
	if s.client.IsValid() {
		text("client", s.client.String())
	}
	text("role", s.role.String())
	attrs = append(attrs, slog.Float64("elapsed_ms", float64(s.tx.elapsed.Microseconds())/1000))
	if v.Err != nil {
		text("error", v.Err.Error())
	}
	s.server.log.LogAttrs(ctx, level, v.Action.String(), attrs...) //nolint:sloglint // of a closed set
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
