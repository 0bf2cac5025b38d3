package milter

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"time"

	gomilter "github.com/emersion/go-milter"

	"github.com/rcptquota/rcptquota/quota"
)

// Names of macros (Postfix MILTER_README, "What macros will Postfix send").
const (
	macroLogin     = "{auth_authen}"
	macroSender    = "{mail_addr}"
	macroRecipient = "{rcpt_addr}"
	macroQueueID   = "i"
	macroPort      = "{daemon_port}" // of the Postfix service; since Postfix 3.2
)

const (
	// judgeTimeout bounds one decision, well below Postfix's milter_command_timeout
	// of 30 s.
	judgeTimeout = 10 * time.Second
	// maxLogin is the longest login in bytes; no real one comes near it.
	maxLogin = 1024
	// maxEnvelope is how many recipients one transaction may have before its
	// connection is ended: no class allows half of it.
	maxEnvelope = 2 * quota.MaxRecipients
)

var errOrder = errors.New("milter event out of order")

// Judge decides what becomes of messages. It is called by many goroutines at
// once, and answers before ctx ends.
type Judge interface {
	// Judge does not fail: what it could not know is in the verdict.
	Judge(ctx context.Context, m *quota.Message) quota.Verdict
	// JudgeHeader gives the verdict on a message that v let pass at DATA and that
	// has a posting, once its header h has come. It changes neither.
	JudgeHeader(v *quota.Verdict, h *quota.Header) quota.Verdict
}

// Settler ends what messages reserved. It is called as a [Judge] is.
type Settler interface {
	// Settle ends a reservation, once: committed, or released. The error is for the
	// log; nothing can be done about it here.
	Settle(ctx context.Context, t quota.Ticket, committed bool) error
}

// Policy is both: [quota.Policy].
type Policy interface {
	Judge
	Settler
}

// session is one milter connection: an SMTP connection and its messages, one
// after another. The library calls it from one goroutine.
type session struct {
	server *Server
	listener
	wire   *wire
	client netip.Addr
	port   uint16 // of the Postfix service; 0 when it does not tell
	tx     transaction
}

// listener is what a session has of the socket that its connection came by.
type listener struct {
	role         quota.Role
	countsAtData bool // as the configuration says
	ends         *ends
}

// transaction is one message: from MAIL to its end or its abort.
type transaction struct {
	open       bool
	login      string
	from       string
	queueID    string
	recipients quota.Recipients
	typed      map[string][]string // by recipient, how the client wrote it where that differs
	header     quota.Header
	judged     bool // the verdict is about the recipients as they stand
	ended      bool // the end of the message was seen
	verdict    quota.Verdict
	ticket     quota.Ticket  // of what the message reserved, until that is settled
	elapsed    time.Duration // of the last decision
}

func (s *session) inTransaction() bool { return s.tx.open }

// wantsHeaders reports whether the header of the message matters. An MTA that
// showed no DATA shows it before that is known.
func (s *session) wantsHeaders() bool {
	return s.tx.verdict.Posting != nil || s.role == quota.Submission && !s.tx.judged
}

// Connect keeps the client's address, and the port that it came to.
func (s *session) Connect(_, _ string, _ uint16, addr net.IP, m *gomilter.Modifier) (gomilter.Response, error) {
	port, _ := strconv.ParseUint(m.Macros[macroPort], 10, 16)
	s.port = uint16(port)
	s.client, _ = netip.AddrFromSlice(addr)
	s.client = s.client.Unmap()
	return s.goOn(gomilter.OptNoConnReply), nil
}

// MailFrom begins a transaction, with the login that is told only here.
func (s *session) MailFrom(from string, m *gomilter.Modifier) (gomilter.Response, error) {
	s.reset()
	login := m.Macros[macroLogin]
	if resolved, told := m.Macros[macroSender]; told && resolved == "" {
		from = "" // "()" and " " are null senders too
	}
	delete(m.Macros, macroLogin) // or the next MAIL would have them too, should that bring none
	delete(m.Macros, macroSender)
	if len(login) > maxLogin {
		return nil, fmt.Errorf("a login of %d bytes", len(login))
	}
	s.tx.open = true
	s.tx.login = login
	s.tx.from = from
	return s.goOn(gomilter.OptNoMailReply), nil
}

// RcptTo adds one recipient; in the inbound role it is judged by itself.
func (s *session) RcptTo(rcpt string, m *gomilter.Modifier) (gomilter.Response, error) {
	if !s.tx.open {
		return nil, fmt.Errorf("%w: RCPT before MAIL", errOrder)
	}
	if s.tx.recipients.Len() >= maxEnvelope {
		return nil, fmt.Errorf("more than %d recipients in one transaction", maxEnvelope)
	}
	address, resolved := m.Macros[macroRecipient]
	if resolved {
		delete(m.Macros, macroRecipient) // or it would stand for the next RCPT too, should that bring none
	} else {
		address = rcpt
	}
	forget := s.keepTyped(address, rcpt)
	if s.role == quota.Inbound {
		return s.rcptInbound(address, forget), nil
	}
	s.tx.recipients.Add(address)
	s.tx.judged = false
	return s.goOn(gomilter.OptNoRcptReply), nil
}

// rcptInbound judges one recipient. The record of the accepted ones is written
// together at the end of the message, that of a refused one at once, and how that
// was typed is forgotten.
func (s *session) rcptInbound(address string, forget func()) gomilter.Response {
	var one quota.Recipients
	one.Add(address)
	v := s.judge(&one)
	if !v.Action.Passes() {
		forget()
		s.record(&v)
		return s.refusal(&v)
	}
	s.tx.recipients.Add(address)
	s.tx.verdict = quota.Together(&s.tx.verdict, &v, s.tx.recipients.Len())
	return s.goOn(gomilter.OptNoRcptReply)
}

// Data takes the one decision on the message.
func (s *session) Data(m *gomilter.Modifier) (gomilter.Response, error) {
	if !s.tx.open {
		return nil, fmt.Errorf("%w: DATA before MAIL", errOrder)
	}
	return s.decide(m), nil
}

// HeaderField takes one field of the header, with the folds that it came with.
func (s *session) HeaderField(name, value string) gomilter.Response {
	s.tx.header.Add(name, value)
	return s.goOn(gomilter.OptNoHeaderReply)
}

// EndOfMessage judges a message to lists by its header, changes what the verdict says,
// and ends the reservation. An MTA that showed no DATA gets the decision here.
func (s *session) EndOfMessage(m *gomilter.Modifier) (gomilter.Response, error) {
	if !s.tx.open {
		return nil, fmt.Errorf("%w: end of message before MAIL", errOrder)
	}
	defer s.reset()
	s.tx.ended = true
	s.ends.seen(s.port)
	if response := s.decide(m); !s.tx.verdict.Action.Passes() || s.countsAtData {
		return response, nil
	}
	v := s.tx.verdict
	if v.Posting != nil {
		v = s.server.policy.JudgeHeader(&v, &s.tx.header)
	}
	if !v.Action.Passes() {
		s.settle(released)
		s.record(&v)
		return s.refusal(&v), nil
	}
	if err := s.edit(m, v.Posting); err != nil {
		return nil, err // reset releases what was reserved: the client comes back with the message
	}
	s.settle(committed)
	s.record(&v)
	return gomilter.RespContinue, nil
}

// Abort ends a transaction that did not go. It also follows each that did, and
// may come twice.
func (s *session) Abort(*gomilter.Modifier) error {
	s.reset()
	return nil
}

// goOn answers an event for which the MTA waits, and nothing otherwise.
func (s *session) goOn(noReply gomilter.OptProtocol) gomilter.Response {
	if s.wire.expectsReply(noReply) {
		return gomilter.RespContinue
	}
	return nil
}

// decide answers for the whole message, judging it if that was not done since
// its last recipient.
func (s *session) decide(m *gomilter.Modifier) gomilter.Response {
	if id := m.Macros[macroQueueID]; id != "" {
		s.tx.queueID = id
	}
	v := &s.tx.verdict
	if s.role == quota.Submission && !s.tx.judged {
		s.settle(released) // a later milter refused DATA, and recipients were added
		*v = s.judge(&s.tx.recipients)
		s.tx.ticket, s.tx.judged = v.Ticket, true
		if s.countsAtData {
			s.settle(committed)
		}
		if s.countsAtData || !v.Action.Passes() {
			s.record(v)
		}
	}
	if v.Action.Passes() {
		return gomilter.RespContinue
	}
	return s.refusal(v)
}

func (s *session) judge(recipients *quota.Recipients) quota.Verdict {
	ctx, cancel := context.WithTimeout(s.server.ctx, judgeTimeout)
	defer cancel()
	start := time.Now()
	defer func() { s.tx.elapsed = time.Since(start) }()
	m := &quota.Message{
		Role:           s.role,
		Client:         s.client,
		Login:          s.tx.login,
		EnvelopeSender: s.tx.from,
		Recipients:     recipients,
		NoEnd:          s.countsAtData,
	}
	if s.role == quota.Inbound {
		m.Earlier = s.tx.verdict.Posting
	}
	if s.server.lists {
		m.Forms = s.countForms
	}
	return s.server.policy.Judge(ctx, m)
}

// refusal is the verdict's SMTP reply as SMFIR_REPLYCODE.
func (s *session) refusal(v *quota.Verdict) gomilter.Response {
	return gomilter.NewResponseStr(byte(gomilter.ActReplyCode), s.server.replies.wire(v, s.tx.queueID))
}
