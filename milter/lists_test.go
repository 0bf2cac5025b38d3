package milter

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/rcptquota/rcptquota/quota"
	"github.com/rcptquota/rcptquota/quota/list"
)

// lists is a judge for whom addresses in l.fr are lists to which everybody may post, and
// those in re.fr are redirected to managers.
type lists struct {
	header quota.Header // of the last message that ended
}

func (l *lists) Judge(_ context.Context, m *quota.Message) quota.Verdict {
	v := quota.Verdict{Action: quota.Accept, Facts: quota.Facts{Sender: m.Login, Recipients: m.Recipients.Len()}}
	for address := range m.Recipients.All() {
		switch _, domain, _ := strings.Cut(address, "@"); domain {
		case "l.fr":
			v.List = address
			v.Posting = v.Posting.Merge(&list.Posting{List: address, ReplyTo: []string{"a@x.fr", "b@x.fr"}, Enforced: true})
		case "re.fr":
			v.Action, v.Reason, v.List = quota.Redirect, quota.ListPosting, address
			v.Posting = v.Posting.Merge(&list.Posting{
				List: address, Enforced: true,
				Redirects: []list.Redirection{{Recipient: address, To: []string{"a@x.fr", "b@x.fr"}}},
			})
		}
	}
	return v
}

func (l *lists) JudgeHeader(v *quota.Verdict, h *quota.Header) quota.Verdict {
	l.header = *h
	judged := new(quota.Policy).JudgeHeader(v, h)
	if judged.Posting != nil && h.Count("Sender") > 0 {
		posting := *judged.Posting
		posting.Remove = []string{"Resent-From", "Sender"}
		judged.Posting = &posting
	}
	return judged
}

func (l *lists) Settle(context.Context, quota.Ticket, bool) error { panic("nothing was reserved") }

// listDialogue is dialogue where there are lists.
func listDialogue(t *testing.T, role quota.Role, play func(p *peer)) (*lists, []string) {
	t.Helper()
	judge := &lists{}
	return judge, converse(t, role, judge, true, play)
}

// header shows header fields, "Name: value" each.
func (p *peer) header(fields ...string) {
	p.t.Helper()
	for _, f := range fields {
		name, value, _ := strings.Cut(f, ": ")
		p.send('L', name, value)
	}
}

// ends shows the end of the message and expects changes and then SMFIR_CONTINUE.
func (p *peer) ends(changes ...string) {
	p.t.Helper()
	p.send('D', "Ei", "4F1")
	p.send('E')
	for _, want := range changes {
		code, payload := p.receive()
		if got := string(code) + " " + strings.ReplaceAll(payload, "\x00", "|"); got != want {
			p.t.Errorf("change %q, want %q", got, want)
		}
	}
	p.expect('c', "")
	p.send('A')
}

func TestReplyTo(t *testing.T) {
	_, log := listDialogue(t, quota.Submission, func(p *peer) {
		p.mail("anne", "list@l.fr", "c@example.org")
		p.data()
		p.expect('c', "")
		p.header("From: anne@x.fr", "Reply-To: x@y.fr", "Subject: s", "reply-to: z@y.fr", "X-Sender: x")
		p.ends("m |||\x01X-Sender||", "m |||\x02Reply-To||", "m |||\x01Reply-To||", "h Reply-To|a@x.fr,\n\tb@x.fr|")

		p.mail("anne", "c@example.org")
		p.data()
		p.expect('c', "")
		p.header("From: anne@x.fr", "Reply-To: x@y.fr")
		p.ends()
	})
	checkLog(t, log,
		`level=INFO msg=accepted queue_id=4F1 sender=anne recipients=2 list=list@l.fr client=192.0.2.1 role=submission`,
		`level=INFO msg=accepted queue_id=4F1 sender=anne recipients=1 client=192.0.2.1 role=submission`)
}

// TestRemoved: fields that name another sender are removed, the last first, and are named
// in the record.
func TestRemoved(t *testing.T) {
	_, log := listDialogue(t, quota.Submission, func(p *peer) {
		p.mail("anne", "list@l.fr")
		p.data()
		p.expect('c', "")
		p.header("From: anne@x.fr", "Sender: a@y.fr", "Resent-From: b@y.fr", "sender: c@y.fr", "Resent-Date: today")
		p.ends("m |||\x01Resent-From||", "m |||\x02Sender||", "m |||\x01Sender||", "h Reply-To|a@x.fr,\n\tb@x.fr|")
	})
	checkLog(t, log, `level=INFO msg=accepted queue_id=4F1 sender=anne recipients=1 list=list@l.fr removed=Resent-From,Sender client=192.0.2.1 role=submission`)
}

// TestFieldsWithoutNumber: a message with too many fields to remove, for each of which the
// MTA would read the whole message, is refused permanently. The connection goes on.
func TestFieldsWithoutNumber(t *testing.T) {
	const most = 100
	_, log := listDialogue(t, quota.Submission, func(p *peer) {
		begin := func(to string, fields ...string) {
			t.Helper()
			p.mail("anne", to)
			p.data()
			p.expect('c', "")
			p.header("From: anne@x.fr")
			p.header(fields...)
		}
		for to, field := range map[string]string{"list@l.fr": "Reply-To: x@y.fr", "list@re.fr": "X-Sender: x"} {
			begin(to, slices.Repeat([]string{field}, most+1)...)
			p.send('D', "Ei", "4F1")
			p.send('E')
			p.expect('y', "550 5.7.1 Message refused: its header has too many fields Reply-To, Sender, Resent or X-Sender")
			p.send('A')
		}
		begin("list@l.fr", slices.Repeat([]string{"Reply-To: x@y.fr"}, most)...)
		p.send('E')
		for i := range most {
			p.expect('m', string([]byte{0, 0, 0, byte(most - i)})+"Reply-To")
		}
		p.expect('h', "Reply-To")
		p.expect('c', "")
		p.send('A')
		begin("c@example.org", slices.Repeat([]string{"Reply-To: x@y.fr"}, 2*most)...)
		p.ends()
	})
	var told []string
	for _, line := range log {
		told = append(told, strings.Fields(line)[1]+" "+strings.Fields(line)[4])
	}
	want := []string{"msg=refused reason=list_header", "msg=refused reason=list_header", "msg=accepted recipients=1", "msg=accepted recipients=1"}
	if !slices.Equal(told, want) {
		t.Errorf("log %q", log)
	}
}

// TestHeaderIsOfItsOwnMessage: the header of a message that was given up is not taken for
// the next one's.
func TestHeaderIsOfItsOwnMessage(t *testing.T) {
	judge, _ := listDialogue(t, quota.Submission, func(p *peer) {
		p.mail("anne", "list@l.fr")
		p.data()
		p.expect('c', "")
		p.header("From: other@x.fr", "Reply-To: x@y.fr", "Auto-Submitted: auto-replied")
		p.send('A')
		p.mail("anne", "list@l.fr")
		p.data()
		p.expect('c', "")
		p.header("From: anne@x.fr")
		p.ends("h Reply-To|a@x.fr,\n\tb@x.fr|")
	})
	if len(judge.header.From) != 1 || judge.header.From[0] != "anne@x.fr" {
		t.Errorf("%+v", judge.header)
	}
}

// TestRedirect: the list is removed from the envelope in each form that the client typed,
// and each manager is added once.
func TestRedirect(t *testing.T) {
	_, log := listDialogue(t, quota.Submission, func(p *peer) {
		p.mail("anne", "b@x.fr")
		for _, typed := range []string{"<List@re.fr>", "<list%re.fr@relay>", "<List@re.fr>", "<@a, @b : LIST@re.fr>"} {
			p.rcpt("List@re.fr", typed)
		}
		p.data()
		p.expect('c', "")
		p.header("X-Sender: x", "From: anne@x.fr")
		p.ends("m |||\x01X-Sender||", "- <list@re.fr>|", "- <List@re.fr>|", "- <list%re.fr@relay>|",
			"- <@a, @b : LIST@re.fr>|", "- <LIST@re.fr>|", "+ <a@x.fr>|")
	})
	checkLog(t, log, `level=WARN msg=redirected queue_id=4F1 sender=anne reason=list_posting recipients=2 list=list@re.fr client=192.0.2.1 role=submission`)
}

// TestRedirectBeyondASCII: the list is removed from the envelope with its domain as the
// client typed it.
func TestRedirectBeyondASCII(t *testing.T) {
	listDialogue(t, quota.Submission, func(p *peer) {
		p.mail("anne", "b@x.fr")
		p.rcpt("list@\uff52\uff45.fr", "<list@\uff52\uff45.fr>")
		p.data()
		p.expect('c', "")
		p.header("From: anne@x.fr")
		p.ends("- <list@re.fr>|", "- <list@\uff52\uff45.fr>|", "+ <a@x.fr>|")
	})
}

func TestRedirectInbound(t *testing.T) {
	_, log := listDialogue(t, quota.Inbound, func(p *peer) {
		p.send('M', "<from@example.org>")
		for _, r := range []string{"one@re.fr", "c@example.org", "two@re.fr"} {
			p.rcpt(r, "<"+r+">")
			p.expect('c', "")
		}
		p.header("From: anne@x.fr")
		p.ends("- <one@re.fr>|", "+ <a@x.fr>|", "+ <b@x.fr>|", "- <two@re.fr>|")
	})
	checkLog(t, log, `level=WARN msg=redirected queue_id=4F1 reason=list_posting recipients=3 list=two@re.fr client=192.0.2.1 role=inbound`)
}

// TestNullSenders: Postfix decides whether a sender is null, however it was typed.
func TestNullSenders(t *testing.T) {
	var seen []string
	judge := judgeFunc(func(m *quota.Message) quota.Verdict {
		seen = append(seen, m.EnvelopeSender)
		return quota.Verdict{Action: quota.Accept}
	})
	converse(t, quota.Submission, judge, true, func(p *peer) {
		for _, resolved := range [][]string{{}, {macroSender, ""}, {macroSender, "anne@x.fr"}, {}} {
			p.send('D', append([]string{"M" + macroLogin, "anne"}, resolved...)...)
			p.send('M', "<()>")
			p.rcpt("c@example.org", "<c@example.org>")
			p.data()
			p.expect('c', "")
			p.send('A')
		}
	})
	if want := []string{"()", "", "()", "()"}; !slices.Equal(seen, want) {
		t.Errorf("%q, want %q", seen, want)
	}
}

// TestRefusedByItsHeader: a message that is refused at its end has one record.
func TestRefusedByItsHeader(t *testing.T) {
	_, log := listDialogue(t, quota.Submission, func(p *peer) {
		p.mail("anne", "list@l.fr")
		p.data()
		p.expect('c', "")
		p.header("Auto-Submitted: auto-replied")
		p.send('D', "Ei", "4F1")
		p.send('E')
		p.expect('y', "550 5.7.1 Message refused: the list list@l.fr takes no automatic replies")
		p.send('A')
	})
	checkLog(t, log, `level=WARN msg=refused queue_id=4F1 sender=anne reason=list_automatic recipients=1 list=list@l.fr client=192.0.2.1 role=submission`)
}

// TestNoEdits: through an MTA that allows no changes, no post to a list passes unchanged.
func TestNoEdits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := startListsRig(t, &lists{}, quota.Submission, true)
		p := r.pipes.dial(t)
		p.negotiate(options{version: 6, actions: 0x100, protocol: 0x1fffff})
		p.mail("anne", "list@l.fr")
		p.data()
		p.expect('c', "")
		p.header("From: anne@x.fr")
		p.send('E')
		p.expectEnd()
		if err := r.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// TestHeadersBeforeTheDecision: an MTA of protocol version 2 shows the header before the
// decision, and waits for an answer to each field.
func TestHeadersBeforeTheDecision(t *testing.T) {
	judge := &lists{}
	synctest.Test(t, func(t *testing.T) {
		r := startListsRig(t, judge, quota.Submission, true)
		p := r.pipes.dial(t)
		p.negotiate(options{version: 2, actions: 0x3f, protocol: 0x7f})
		for _, step := range [][]string{
			{"C", "client.example.org", "4\x00\x19192.0.2.1"},
			{"M", "<from@example.org>"}, {"R", "<list@l.fr>"}, {"L", "From", "anne@x.fr"},
		} {
			p.send(step[0][0], step[1:]...)
			p.expect('c', "")
		}
		p.send('E')
		p.expect('h', "Reply-To")
		p.expect('c', "")
		_ = p.conn.Close()
		if err := r.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
	})
	if len(judge.header.From) != 1 {
		t.Errorf("%+v", judge.header)
	}
}

// TestSkippedHeaders: header fields of any size of a message that is not to a list are
// skipped, and the next packet is read correctly.
func TestSkippedHeaders(t *testing.T) {
	_, log := listDialogue(t, quota.Submission, func(p *peer) {
		for n := range 3 {
			p.mail("anne", "a@example.org")
			p.data()
			p.expect('c', "")
			for size := range 5 {
				p.header(fmt.Sprintf("X-Long: %s", strings.Repeat("x", n*size*20_000)))
			}
			p.ends()
		}
	})
	if len(log) != 3 {
		t.Errorf("%d records: %q", len(log), log)
	}
}
