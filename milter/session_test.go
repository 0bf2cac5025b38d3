package milter

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/rcptquota/rcptquota/quota"
)

func (f judgeFunc) Judge(_ context.Context, m *quota.Message) quota.Verdict { return f(m) }

func (f judgeFunc) JudgeHeader(v *quota.Verdict, h *quota.Header) quota.Verdict {
	return new(quota.Policy).JudgeHeader(v, h)
}

func (f judgeFunc) Settle(context.Context, quota.Ticket, bool) error {
	panic("nothing was reserved")
}

// atMost refuses more than limit recipients, and a recipient called "refused".
func atMost(limit int) judgeFunc {
	return func(m *quota.Message) quota.Verdict {
		v := quota.Verdict{Action: quota.Accept, Facts: quota.Facts{Sender: m.Login, Class: "test", Recipients: m.Recipients.Len(), Limit: limit}}
		if m.Recipients.Len() > limit || slices.Contains(slices.Collect(m.Recipients.All()), "refused@example.org") {
			v.Action, v.Reason = quota.Refuse, quota.MessageLimit
		}
		return v
	}
}

// dialogue plays a conversation against a fresh server and returns its log.
func dialogue(t *testing.T, role quota.Role, judge Policy, play func(p *peer)) []string {
	t.Helper()
	return converse(t, role, judge, false, play)
}

// converse is dialogue where there may be lists.
func converse(t *testing.T, role quota.Role, judge Policy, lists bool, play func(p *peer)) []string {
	t.Helper()
	var log []string
	synctest.Test(t, func(t *testing.T) {
		r := startListsRig(t, judge, role, lists)
		p := r.pipes.dial(t)
		p.negotiate(postfixOffer)
		p.send('C', "client.example.org", "4\x00\x19192.0.2.1")
		play(p)
		if err := p.conn.Close(); err != nil {
			t.Error(err)
		}
		if err := r.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
		log = r.log.lines()
	})
	return log
}

func checkLog(t *testing.T, log []string, want ...string) {
	t.Helper()
	if got, want := strings.Join(log, "\n"), strings.Join(want, "\n"); got != want {
		t.Errorf("log:\n%s\nwant:\n%s", got, want)
	}
}

const (
	accepted2 = `level=INFO msg=accepted queue_id=4F1 sender=anne class=test recipients=2 limit=2 client=192.0.2.1 role=submission`
	refused3  = `level=WARN msg=refused queue_id=4F1 sender=anne class=test reason=message_limit recipients=3 limit=2 client=192.0.2.1 role=submission`
	refusal3  = "550 5.5.3 Message refused: it has 3 recipients and your limit is 2 a message. Send to fewer, or ask help@example.org (reference 4F1).\x00"
)

// data shows DATA with the queue id, as Postfix does.
func (p *peer) data() {
	p.t.Helper()
	p.send('D', "Ti", "4F1")
	p.send('T')
}

func (p *peer) endOfMessage() {
	p.t.Helper()
	p.send('D', "Ei", "4F1")
	p.send('E')
	p.expect('c', "")
	p.send('A') // Postfix does, after every message
}

func TestAcceptedMessage(t *testing.T) {
	log := dialogue(t, quota.Submission, atMost(2), func(p *peer) {
		p.mail("anne", "a@example.org", "A@example.org", "b@example.org")
		p.data()
		p.expect('c', "")
		p.endOfMessage()
	})
	checkLog(t, log, accepted2)
}

func TestRefusedMessage(t *testing.T) {
	log := dialogue(t, quota.Submission, atMost(2), func(p *peer) {
		p.mail("anne", "a@example.org", "b@example.org", "c@example.org")
		p.data()
		p.expect('y', refusal3)
		p.send('A')
		p.send('A')
		p.mail("anne", "a@example.org", "b@example.org")
		p.data()
		p.expect('c', "")
		p.endOfMessage()
	})
	checkLog(t, log, refused3, accepted2)
}

// TestDataAgain: a refused DATA leaves the transaction open. The same envelope again gets
// the same refusal and no second record. With another recipient it is judged again.
func TestDataAgain(t *testing.T) {
	log := dialogue(t, quota.Submission, atMost(2), func(p *peer) {
		p.mail("anne", "a@example.org", "b@example.org", "c@example.org")
		p.data()
		p.expect('y', refusal3)
		p.data()
		p.expect('y', refusal3)
		p.rcpt("d@example.org", "<d@example.org>")
		p.data()
		p.expect('y', "it has 4 recipients")
		p.send('E') // out of order, and refused all the same
		p.expect('y', "it has 4 recipients")
	})
	checkLog(t, log, refused3, strings.Replace(refused3, "recipients=3", "recipients=4", 1))
}

func TestAbortedMessageLeavesNoRecord(t *testing.T) {
	log := dialogue(t, quota.Submission, atMost(2), func(p *peer) {
		p.mail("anne", "a@example.org", "b@example.org")
		p.data()
		p.expect('c', "")
		p.send('A')
		p.mail("anne", "a@example.org", "b@example.org")
		p.send('A')
	})
	checkLog(t, log, "")
}

// TestLoginIsOfItsOwnMessage: the next message does not inherit a login.
func TestLoginIsOfItsOwnMessage(t *testing.T) {
	log := dialogue(t, quota.Submission, atMost(2), func(p *peer) {
		p.mail("anne", "a@example.org", "b@example.org")
		p.data()
		p.expect('c', "")
		p.endOfMessage()
		p.send('M', "<>")
		p.send('R', "<a@example.org>")
		p.send('R', "<b@example.org>")
		p.data()
		p.expect('c', "")
		p.endOfMessage()
	})
	checkLog(t, log, accepted2, strings.Replace(accepted2, " sender=anne", "", 1))
}

// TestRecipientMacroIsOfItsOwnRcpt: a RCPT without {rcpt_addr} does not inherit that of the
// previous one.
func TestRecipientMacroIsOfItsOwnRcpt(t *testing.T) {
	log := dialogue(t, quota.Submission, atMost(2), func(p *peer) {
		p.mail("anne", "a@example.org")
		p.send('R', "<b@example.org>")
		p.send('R', "<c@example.org>")
		p.data()
		p.expect('y', refusal3)
	})
	checkLog(t, log, refused3)
}

// TestNoDataEvent: an MTA of protocol version 2 shows no DATA and waits for every reply. Its
// messages are judged at their end.
func TestNoDataEvent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := startRig(t, atMost(1), quota.Submission)
		p := r.pipes.dial(t)
		agreed, rest := p.negotiate(options{version: 2, actions: 0x3f, protocol: 0x7f})
		if want := (options{2, 0, 0x72}); agreed != want || rest != "" {
			t.Errorf("agreed on %+v %q, want %+v", agreed, rest, want)
		}
		step := func(code byte, payload ...string) {
			p.send(code, payload...)
			p.expect('c', "")
		}
		step('C', "client.example.org", "4\x00\x19192.0.2.1")
		step('M', "<from@example.org>")
		step('R', "<a@example.org>")
		step('R', "<b@example.org>")
		p.send('E')
		p.expect('y', "550 5.5.3")
		p.send('A')
		step('M', "<from@example.org>")
		step('R', "<a@example.org>")
		step('E')
		p.send('Q')
		p.expectEnd()
		if err := r.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
		log := r.log.lines()
		if len(log) != 2 || !strings.Contains(log[0], "msg=refused class=test reason=message_limit") || !strings.Contains(log[1], "msg=accepted") {
			t.Errorf("log %q", log)
		}
	})
}

func TestInboundAnswersEachRecipient(t *testing.T) {
	log := dialogue(t, quota.Inbound, atMost(1), func(p *peer) {
		p.send('M', "<from@example.org>")
		rcpt := func(address string) {
			p.rcpt(address, "<"+address+">")
		}
		rcpt("a@example.org")
		p.expect('c', "")
		rcpt("b@example.org")
		p.expect('c', "")
		rcpt("refused@example.org")
		p.expect('y', "550 5.5.3")
		p.endOfMessage()
	})
	checkLog(t, log,
		`level=WARN msg=refused class=test reason=message_limit recipients=1 limit=1 client=192.0.2.1 role=inbound`,
		`level=INFO msg=accepted queue_id=4F1 class=test recipients=2 limit=1 client=192.0.2.1 role=inbound`)
}

func TestRecordKeys(t *testing.T) {
	verdict := quota.Verdict{
		Action: quota.WouldRefuse,
		Reason: quota.DirectoryUnavailable,
		Facts:  quota.Facts{Sender: "anne", Class: "test", Premium: true, Recipients: 1, Limit: 1, Degraded: true, Err: context.DeadlineExceeded},
	}
	log := dialogue(t, quota.Submission, judgeFunc(func(*quota.Message) quota.Verdict { return verdict }), func(p *peer) {
		p.mail("anne", "a@example.org")
		p.data()
		p.expect('c', "")
		p.endOfMessage()
	})
	checkLog(t, log, `level=WARN msg=would_refuse queue_id=4F1 sender=anne class=test reason=directory_unavailable `+
		`recipients=1 limit=1 premium=true degraded=true client=192.0.2.1 role=submission error="context deadline exceeded"`)
}

// TestZeroVerdictDelays: an empty verdict delays mail.
func TestZeroVerdictDelays(t *testing.T) {
	dialogue(t, quota.Submission, judgeFunc(func(*quota.Message) quota.Verdict { return quota.Verdict{} }), func(p *peer) {
		p.mail("anne", "a@example.org")
		p.data()
		p.expect('y', "451 4.3.0")
	})
}

func TestOutOfOrderEndsTheConnection(t *testing.T) {
	for _, events := range []string{"R", "T", "E", "AR", "AT", "MRAT", "MRAE"} {
		t.Run(events, func(t *testing.T) {
			dialogue(t, quota.Submission, atMost(1), func(p *peer) {
				for i := range len(events) {
					switch event := events[i]; event {
					case 'M', 'R':
						p.send(event, "<a@example.org>")
					default:
						p.send(event)
					}
				}
				p.expectEnd()
			})
		})
	}
}

func TestManyMessagesOnOneConnection(t *testing.T) {
	var want []string
	log := dialogue(t, quota.Submission, atMost(100), func(p *peer) {
		for n := range 100 {
			var rcpts []string
			for i := range n + 1 {
				rcpts = append(rcpts, fmt.Sprintf("r%d@example.org", i))
			}
			p.mail("anne", rcpts...)
			p.data()
			p.expect('c', "")
			p.endOfMessage()
			want = append(want, fmt.Sprintf("level=INFO msg=accepted queue_id=4F1 sender=anne class=test recipients=%d limit=100 client=192.0.2.1 role=submission", n+1))
		}
	})
	checkLog(t, log, want...)
}
