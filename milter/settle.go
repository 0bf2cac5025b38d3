package milter

import (
	"cmp"
	"context"
	"time"

	"github.com/rcptquota/rcptquota/quota"
)

// settleTimeout is how long it may take to commit or release a reservation.
const settleTimeout = 2 * time.Second

// How a reservation ends.
const (
	released  = false
	committed = true
)

// settle ends the reservation of the message, if it has one that has not ended yet.
func (s *session) settle(commit bool) {
	ticket := s.tx.ticket
	if ticket == (quota.Ticket{}) {
		return
	}
	s.tx.ticket = quota.Ticket{}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(s.server.ctx), settleTimeout)
	defer cancel()
	if err := s.server.policy.Settle(ctx, ticket, commit); err != nil {
		// Log key "commit": `true` to count the recipients, `false` to give them back
		s.server.log.Warn(msgNotSettled, "queue_id", s.tx.queueID, "sender", ticket.Sender, "commit", commit, "error", err)
	}
}

// giveUp ends a message whose end was not seen, if there is one: its reservation is
// released, and an error is logged if no message reaches its end any more.
func (s *session) giveUp() {
	s.settle(released)
	passed := s.tx.judged && s.tx.verdict.Action.Passes()
	if !passed || s.tx.ended || s.countsAtData || s.server.ctx.Err() != nil { // or we cut the message off ourselves
		return
	}
	s.tx.ended = true
	if n := s.ends.missed(s.port, cmp.Or(s.tx.verdict.Sender, s.client.String())); n > 0 {
		// Log key "listener": the `address` of the `[[listen]]`
		// Log key "port": the port of the Postfix service
		// Log key "messages": how many messages in a row passed at DATA without an end
		// Log key "remedy": what to do
		s.server.log.Error(msgNoEnd, "listener", s.ends.address, "port", s.port, "messages", n, "remedy", unendedRemedy)
	}
}

// closed is called when the connection has ended.
func (s *session) closed() { s.giveUp() }

// reset makes the session ready for the next message.
func (s *session) reset() {
	s.giveUp()
	recipients := s.tx.recipients
	recipients.Reset()
	s.tx = transaction{recipients: recipients}
}
