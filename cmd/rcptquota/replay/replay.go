package replay

import (
	"context"
	"io"
	"net/netip"
	"time"

	"github.com/rcptquota/rcptquota/cmd/rcptquota/maillog"
	"github.com/rcptquota/rcptquota/quota"
)

// Replay is a question to the rules. All fields but Rules and Location may be zero.
type Replay struct {
	// Rules are those of the configuration, compiled.
	Rules *quota.Rules
	// Directory says who senders are; nil: [FromLog] does.
	Directory quota.Directory
	// Added are addresses that Postfix or a milter adds to messages: they are no
	// recipients of the sender.
	Added []string
	// Since and Until bound the messages that are told about. Earlier ones count in
	// windows all the same.
	Since, Until time.Time
	// Location is that of the days.
	Location *time.Location
	// Stopped, if it is not nil, gets each message that would have been refused.
	Stopped io.Writer
}

// Run asks the rules about every message of a log. It ends early only where ctx ends.
func (q *Replay) Run(ctx context.Context, log *maillog.Reader) (*Result, error) {
	result := newResult(q.Location)
	judge := newJudge(q.Rules, q.Directory, q.Added)
	rows := newRows(q.Stopped, q.Location)
	follower := newFollower(q.wanted, func(m *message) {
		o := judge.decide(ctx, m)
		switch {
		case o.verdict.Sender == "" && o.verdict.Reason != quota.ExemptNetwork: // a bounce of a trusted submitter
			result.Unauthenticated++
		case !q.Since.IsZero() && m.at.Before(q.Since) || !q.Until.IsZero() && !m.at.Before(q.Until):
			result.Outside++
		default:
			result.add(m, &o)
			if o.stopped {
				rows.add(m, &o)
			}
		}
	})
	for e := log.Next(); e != nil; e = log.Next() {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		follower.follow(e)
	}
	follower.finish()
	follower.Unauthenticated += result.Unauthenticated
	result.Fates, result.Read = follower.Fates, log.Told
	return result, rows.flush()
}

// wanted reports whether a message is to be judged: it has a login, or comes from a trusted
// submitter.
func (q *Replay) wanted(login []byte, client netip.Addr) bool {
	return len(login) > 0 || q.Rules.TrustsSubmitter(client)
}
