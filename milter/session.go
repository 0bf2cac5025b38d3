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
	// maxLogin is the longest login, in bytes. Real ones are far shorter.
	maxLogin = 1024
	// maxEnvelope is how many recipients one transaction may have before the connection
	// is ended. No class allows more than half of it.
	maxEnvelope = 2 * quota.MaxRecipients
	// maxTyped is how many bytes are kept of what clients typed in one transaction:
	// with source routes, that may be a hundred times the addresses.
	maxTyped = 512 << 10
)

// AnswerTimeout is the longest that Postfix waits for one answer: the reservation of an
// earlier DATA may have to be released before the decision, and that of this one to be
// committed after it.
const AnswerTimeout = judgeTimeout + 2*settleTimeout

var errOrder = errors.New("milter event out of order")

// session is one milter connection: an SMTP connection and its messages, one
// after another. The library calls it from one goroutine.
type session struct {
	server *Server
	listener
	wire   *wire
	needs  Needs // of the rules when the connection began: what was asked of the MTA
	client netip.Addr
	port   uint16 // of the Postfix service; 0 when it is not known
	tx     transaction
}

// listener is what a session needs to know about the socket that its connection came
// through.
type listener struct {
	role         quota.Role
	countsAtData bool // as the configuration says
	ends         *ends
}

// transaction is one message, from MAIL to its end or abort.
type transaction struct {
	open       bool
	rules      *inUse // by which it began; nil while there is none
	login      string
	from       string
	queueID    string
	recipients quota.Recipients
	typed      map[string][]string // how the client wrote recipients, where that differs
	typedSize  int                 // of typed, in bytes
	untyped    bool                // typed lacks some, beyond maxTyped
	header     quota.Header
	judged     bool // the verdict is about the present recipients
	ended      bool // the end of the message was seen
	verdict    quota.Verdict
	ticket     quota.Ticket  // of the reservation, until that is settled
	elapsed    time.Duration // of the last decision
}

func (s *session) inTransaction() bool { return s.tx.open }

// wantsHeaders reports whether the header of the message matters. An MTA that shows no
// DATA shows the header before the decision, when that is not known yet.
func (s *session) wantsHeaders() bool {
	return s.tx.verdict.NeedsHeader() || s.role == quota.Submission && !s.tx.judged
}

// Connect keeps the client's address, and the port that it connected to.
func (s *session) Connect(_, _ string, _ uint16, addr net.IP, m *gomilter.Modifier) (gomilter.Response, error) {
	port, _ := strconv.ParseUint(m.Macros[macroPort], 10, 16)
	s.port = uint16(port)
	s.client, _ = netip.AddrFromSlice(addr)
	s.client = s.client.Unmap()
	return s.goOn(gomilter.OptNoConnReply), nil
}

// MailFrom begins a transaction. Only this event has the login.
func (s *session) MailFrom(from string, m *gomilter.Modifier) (gomilter.Response, error) {
	s.reset()
	login := m.Macros[macroLogin]
	if resolved, told := m.Macros[macroSender]; told && resolved == "" {
		from = "" // "()" and " " are null senders too
	}
	delete(m.Macros, macroLogin) // else a next MAIL without them would inherit them
	delete(m.Macros, macroSender)
	if len(login) > maxLogin {
		return nil, fmt.Errorf("a login of %d bytes", len(login))
	}
	s.tx.open = true
	s.tx.rules = s.server.rules.begin()
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
		delete(m.Macros, macroRecipient) // else a next RCPT without it would inherit it
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

// rcptInbound judges one recipient. The accepted ones have one record together, at the end
// of the message. A refused one gets its record at once, and forget drops how it was typed.
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

// Data makes the one decision on the message.
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

// EndOfMessage judges a message by its header where that matters, changes the message as the verdict
// says, and settles the reservation. An MTA that shows no DATA gets the decision here.
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
	if v.NeedsHeader() {
		v = s.tx.rules.Policy.JudgeHeader(&v, &s.tx.header)
	}
	if !v.Action.Passes() {
		s.settle(released)
		s.record(&v)
		return s.refusal(&v), nil
	}
	if err := errors.Join(s.edit(m, v.Posting), s.hold(m, &v)); err != nil {
		s.server.log.Warn(msgNotChanged, "queue_id", s.tx.queueID, "sender", v.Sender, "error", err)
		return nil, err // reset releases the reservation, and the client sends the message again
	}
	s.settle(committed)
	s.record(&v)
	return gomilter.RespContinue, nil
}

// Abort ends a transaction that was given up. It also follows each message that was sent,
// and may come twice.
func (s *session) Abort(*gomilter.Modifier) error {
	s.reset()
	return nil
}

// goOn is the answer that lets the MTA go on: none, if it does not wait for one.
func (s *session) goOn(noReply gomilter.OptProtocol) gomilter.Response {
	if s.wire.expectsReply(noReply) {
		return gomilter.RespContinue
	}
	return nil
}

// decide answers for the whole message. It judges the message unless that was done after
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
	if s.tx.rules.Needs.Lists {
		m.Forms = s.countForms
	}
	m.HeaderUnseen = s.tx.rules.Needs.unmet(s.needs, &s.listener)
	return s.tx.rules.Policy.Judge(ctx, m)
}

// refusal is the SMTP reply for a verdict, as SMFIR_REPLYCODE.
func (s *session) refusal(v *quota.Verdict) gomilter.Response {
	return gomilter.NewResponseStr(byte(gomilter.ActReplyCode), s.tx.rules.Replies.Wire(v, s.tx.queueID))
}
