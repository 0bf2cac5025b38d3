package milter

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/rcptquota/rcptquota/quota"
)

// showingAtMost reserves every message. The sender "anne" may show 2 addresses in To and
// Cc, others any number.
type showingAtMost struct {
	headers []string // how many addresses each header showed that was judged
	settled []string
}

func (s *showingAtMost) Judge(_ context.Context, m *quota.Message) quota.Verdict {
	v := quota.Verdict{Action: quota.Accept, Facts: quota.Facts{Sender: m.Login, Recipients: m.Recipients.Len()}}
	v.Ticket = quota.Ticket{Sender: m.Login, ID: "1"}
	if m.Login == "anne" && !m.NoEnd {
		v.MayShow = quota.VisibleLimit{Most: 2, Action: quota.Refuse, Reason: quota.VisibleRecipients}
	}
	return v
}

func (s *showingAtMost) JudgeHeader(v *quota.Verdict, h *quota.Header) quota.Verdict {
	s.headers = append(s.headers, fmt.Sprint(v.Sender, " ", h.Visible.Len()))
	return new(quota.Policy).JudgeHeader(v, h)
}

func (s *showingAtMost) Settle(_ context.Context, t quota.Ticket, commit bool) error {
	s.settled = append(s.settled, fmt.Sprint(t.Sender, " ", commit))
	return nil
}

// TestVisible: a message that shows too many addresses is refused at its end, and its
// reservation is released. The headers of other senders are dropped unread, and nothing of
// one message is counted for the next.
func TestVisible(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		judge := &showingAtMost{}
		r := startListenRig(t, judge, ListenConfig{}, Needs{Visible: true})
		p := r.pipes.dial(t)
		p.negotiate(postfixOffer)
		p.send('C', "client.example.org", "4\x00\x19192.0.2.1")
		message := func(login string, fields ...string) {
			p.mail(login, "c@example.org")
			p.data()
			p.expect('c', "")
			p.header(fields...)
			p.send('D', "Ei", "4F1")
			p.send('E')
		}
		message("anne", "From: anne@x.fr", "To: a@x.fr, A@x.fr", "Subject: s", "CC: b@x.fr,\n\tc@x.fr")
		p.expect('y', "550 5.7.1 Message refused: it shows 3 addresses (To, Cc) to everybody, and the limit is 2. "+
			"Put the recipients into blind copy (Bcc), or write to a list, or ask help@example.org (reference 4F1).")
		p.send('A')
		message("anne", "To: a@x.fr", "Cc: b@x.fr")
		p.expect('c', "")
		p.send('A')
		message("paul", "To: a@x.fr, b@x.fr, c@x.fr")
		p.expect('c', "")
		p.send('A')
		if err := p.conn.Close(); err != nil {
			t.Error(err)
		}
		if err := r.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
		checkLog(t, r.log.lines(),
			`level=WARN msg=refused queue_id=4F1 sender=anne reason=visible_recipients recipients=1 limit=2 visible=3 client=192.0.2.1 role=submission`,
			`level=INFO msg=accepted queue_id=4F1 sender=anne recipients=1 client=192.0.2.1 role=submission`,
			`level=INFO msg=accepted queue_id=4F1 sender=paul recipients=1 client=192.0.2.1 role=submission`)
		if got := strings.Join(judge.headers, ", "); got != "anne 3, anne 2" {
			t.Errorf("headers judged: %s", got)
		}
		if got := strings.Join(judge.settled, ", "); got != "anne false, anne true, paul true" {
			t.Errorf("settled: %s", got)
		}
	})
}
