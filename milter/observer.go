package milter

import (
	"net/netip"

	"github.com/rcptquota/rcptquota/quota"
)

// Observer is told, beside the log, what became of each message.
type Observer interface {
	// Observe is called once for each log record of a message, by many goroutines at once,
	// before the message's reply: it must not wait for anything. The decision is not to be
	// changed, nor kept.
	Observe(d *Decision)
}

// Decision is what a log record of a message is about.
type Decision struct {
	*quota.Verdict
	// QueueID is Postfix's; empty while it has none.
	QueueID string
	Client  netip.Addr // the zero Addr where Postfix has none
	Role    quota.Role
	// Reply is the SMTP reply, as the user reads it; empty if the message goes on.
	Reply string
}

// SetObserver makes o the server's observer. It is called before Serve.
func (s *Server) SetObserver(o Observer) { s.observer = o }

// observe tells the observer, if there is one.
func (s *session) observe(v *quota.Verdict) {
	if s.server.observer == nil {
		return
	}
	d := Decision{Verdict: v, QueueID: s.tx.queueID, Client: s.client, Role: s.role}
	if !v.Action.Passes() {
		d.Reply = s.server.replies.Text(v, s.tx.queueID)
	}
	s.server.observer.Observe(&d)
}
