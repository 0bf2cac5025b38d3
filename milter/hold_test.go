package milter

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	gomilter "github.com/emersion/go-milter"

	"github.com/rcptquota/rcptquota/quota"
	"github.com/rcptquota/rcptquota/quota/list"
)

// holding puts every message on hold. It changes Reply-To of those to more than one.
func holding(m *quota.Message) quota.Verdict {
	v := quota.Verdict{Action: quota.Hold, Reason: quota.WindowLimit, Facts: quota.Facts{
		Sender: m.Login, Recipients: m.Recipients.Len(), Limit: 5, Used: 4, Window: quota.Window{Per: time.Hour, Recipients: 5},
	}}
	if m.Recipients.Len() > 1 {
		v.Posting = &list.Posting{ReplyTo: []string{"a@x.fr"}, Enforced: true}
	}
	return v
}

// TestHold: the MTA takes the message, and puts it on hold with the reason, after it has
// been changed. The record is written at its end; one that was given up leaves none.
func TestHold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := startListenRig(t, judgeFunc(holding), ListenConfig{}, Needs{Lists: true, Holds: true})
		p := r.pipes.dial(t)
		if agreed, _ := p.negotiate(postfixOffer); agreed.actions&uint32(gomilter.OptQuarantine) == 0 {
			t.Error("the MTA is not asked to hold messages")
		}
		p.send('C', "client.example.org", "4\x00\x19192.0.2.1")
		for _, to := range [][]string{{"a@example.org"}, {"a@example.org", "b@example.org"}} {
			p.mail("anne", to...)
			p.data()
			p.expect('c', "")
			p.send('A')
		}
		p.mail("anne", "a@example.org", "b@example.org")
		p.data()
		p.expect('c', "")
		p.ends("h Reply-To|a@x.fr|", "q rcptquota: window of 1h has 4 of 5 recipients, and this message 2|")
		if err := p.conn.Close(); err != nil {
			t.Error(err)
		}
		if err := r.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
		checkLog(t, r.log.lines(),
			`level=WARN msg=held queue_id=4F1 sender=anne reason=window recipients=2 limit=5 window=1h used=4 client=192.0.2.1 role=submission`)
	})
}

// TestNoHold: an MTA that does not let us put messages on hold has to defer them.
func TestNoHold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := startListenRig(t, judgeFunc(holding), ListenConfig{}, Needs{Holds: true})
		p := r.pipes.dial(t)
		offer := postfixOffer
		offer.actions &^= uint32(gomilter.OptQuarantine)
		p.negotiate(offer)
		p.mail("anne", "a@example.org")
		p.data()
		p.expect('c', "")
		p.send('D', "Ei", "4F1")
		p.send('E')
		p.expectEnd()
		if log := strings.Join(r.log.lines(), ""); !strings.Contains(log, msgNotChanged) || !strings.Contains(log, "queue_id=4F1") {
			t.Errorf("log %s", log)
		}
		if err := r.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
	})
}
