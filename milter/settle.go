package milter

import (
	"cmp"
	"context"
	"time"

	"github.com/rcptquota/rcptquota/quota"
)

// settleTimeout bounds the settling of a reservation.
const settleTimeout = 2 * time.Second

// How a reservation ends.
const (
	released  = false
	committed = true
)

// settle ends the reservation of the message, if it has one that is not settled yet.
func (s *session) settle(end bool) {
	ticket := s.tx.ticket
	if ticket == (quota.Ticket{}) {
		return
	}
	s.tx.ticket = quota.Ticket{}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(s.server.ctx), settleTimeout)
	defer cancel()
	if err := s.server.policy.Settle(ctx, ticket, end); err != nil {
		s.server.log.Warn("cannot settle what a message reserved", "queue_id", s.tx.queueID, "sender", ticket.Sender, "committed", end, "error", err)
	}
}

// giveUp ends a message whose end was not seen, if there is one: its reservation is
// released. If no message has reached its end for a while, that is logged.
func (s *session) giveUp() {
	s.settle(released)
	letGo := s.tx.judged && s.tx.verdict.Action.Passes()
	if !letGo || s.tx.ended || s.countsAtData || s.server.ctx.Err() != nil { // messages that we cut off have no end either
		return
	}
	s.tx.ended = true
	if n := s.ends.missed(s.port, cmp.Or(s.tx.verdict.Sender, s.client.String())); n > 0 {
		s.server.log.Error("no message reaches its end", "listener", s.ends.address, "port", s.port, "messages", n, "remedy", unendedRemedy)
	}
}

// closed is called when the connection has ended.
func (s *session) closed() { s.giveUp() }

// reset gives up the message, if it has not ended, and prepares for the next one.
func (s *session) reset() {
	s.giveUp()
	recipients := s.tx.recipients
	recipients.Reset()
	s.tx = transaction{recipients: recipients}
}
