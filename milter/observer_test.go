package milter

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/rcptquota/rcptquota/quota"
)

// observed keeps what an observer was told, a line for each decision.
type observed struct {
	mu    sync.Mutex
	lines []string
}

func (o *observed) Observe(d *Decision) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.lines = append(o.lines, fmt.Sprintf("%s %s %s %v %v %d %s", d.Action, d.Sender, d.QueueID, d.Client, d.Role, d.Recipients, d.Reply))
}

// TestObserver: the observer is told what the log and the user are, once for each record.
func TestObserver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := startRig(t, atMost(2), quota.Submission)
		p := r.pipes.dial(t)
		p.negotiate(postfixOffer)
		p.send('C', "client.example.org", "4\x00\x19192.0.2.1")
		p.mail("anne", "a@example.org", "b@example.org", "c@example.org")
		p.data()
		p.expect('y', refusal3)
		p.data() // again
		p.expect('y', refusal3)
		p.send('A')
		p.mail("zoe", "a@example.org")
		p.data()
		p.expect('c', "")
		p.endOfMessage()
		if err := p.conn.Close(); err != nil {
			t.Error(err)
		}
		if err := r.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
		want := []string{
			"refused anne 4F1 192.0.2.1 submission 3 " + strings.TrimSuffix(refusal3, "\x00"),
			"accepted zoe 4F1 192.0.2.1 submission 1 ",
		}
		if !slices.Equal(r.observed.lines, want) {
			t.Errorf("observed:\n%s", strings.Join(r.observed.lines, "\n"))
		}
	})
}
