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

const filtering = "unix:/run/filtering.sock"

// filtered plays Postfix with smtpd_proxy_filter: a message from login that passes at DATA
// and never ends.
func (p *peer) filtered(login string) {
	p.t.Helper()
	p.mail(login, "a@example.org")
	p.data()
	p.expect('c', "")
	p.send('A')
}

// ended plays a message from login that reaches its end.
func (p *peer) ended(login string) {
	p.t.Helper()
	p.mail(login, "a@example.org")
	p.data()
	p.expect('c', "")
	p.endOfMessage()
}

// to is a connection to the Postfix service on port.
func (r *rig) to(t *testing.T, port string) *peer {
	t.Helper()
	p := r.pipes.dial(t)
	p.negotiate(postfixOffer)
	p.send('D', "C"+macroPort, port)
	p.send('C', "client.example.org", "4\x00\x19192.0.2.1")
	return p
}

// TestNoEnds: where no message reaches its end, that is logged once.
func TestNoEnds(t *testing.T) {
	told := func(port string, n int) string {
		return fmt.Sprintf(`level=ERROR msg="no message reaches its end" listener=%s port=%s messages=%d `, filtering, port, n)
	}
	many := func(p *peer, n int, logins ...string) {
		for i := range n {
			p.filtered(logins[i%len(logins)])
		}
	}
	for name, c := range map[string]struct {
		play func(a, b *peer)
		want []string
		all  uint64
	}{
		"several senders": {func(a, _ *peer) { many(a, 3*maxUnended, "anne", "paul") }, []string{told("587", maxUnended)}, 3 * maxUnended},
		"one sender":      {func(a, _ *peer) { many(a, 3*maxUnendedOfOne, "anne") }, []string{told("587", maxUnendedOfOne)}, 3 * maxUnendedOfOne},
		"one sender, while others' messages end": {func(a, _ *peer) {
			for range 10 {
				many(a, maxUnendedOfOne-1, "anne")
				a.ended("paul")
			}
		}, nil, 10 * (maxUnendedOfOne - 1)},
		"one service of two": {func(a, b *peer) {
			for range maxUnended {
				a.filtered("anne")
				a.filtered("paul")
				b.ended("anne")
			}
		}, []string{told("587", maxUnended)}, 2 * maxUnended},
		"again": {func(a, _ *peer) {
			many(a, 2*maxUnended, "anne", "paul")
			a.ended("anne")
			many(a, 2*maxUnended, "anne", "paul")
		}, []string{told("587", maxUnended), told("587", maxUnended)}, 4 * maxUnended},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := startListenRig(t, atMost(1), ListenConfig{Address: filtering}, Needs{})
				a, b := r.to(t, "587"), r.to(t, "465")
				c.play(a, b)
				_, _ = a.conn.Close(), b.conn.Close()
				if err := r.Shutdown(t.Context()); err != nil {
					t.Error(err)
				}
				var got []string
				for _, line := range r.log.lines() {
					if before, _, found := strings.Cut(line, "remedy="); found {
						got = append(got, before)
					}
				}
				if !slices.Equal(got, c.want) {
					t.Errorf("told %q, want %q", got, c.want)
				}
				if got := r.Unended(filtering); got != c.all {
					t.Errorf("%d messages without an end, want %d", got, c.all)
				}
			})
		})
	}
}

// TestUnended: a message without an end is counted once, and only if it passed at DATA.
func TestUnended(t *testing.T) {
	for name, c := range map[string]struct {
		play func(p *peer)
		want uint64
	}{
		"ended":   {func(p *peer) { p.ended("anne") }, 0},
		"aborted": {func(p *peer) { p.filtered("anne"); p.send('A') }, 1},
		"aborted and closed": {func(p *peer) {
			p.filtered("anne")
			p.send('Q')
			p.expectEnd()
		}, 1},
		"dropped": {func(p *peer) {
			p.mail("anne", "a@example.org")
			p.data()
			p.expect('c', "")
		}, 1},
		"dropped before DATA": {func(p *peer) { p.mail("anne", "a@example.org") }, 0},
		"refused": {func(p *peer) {
			p.mail("anne", "a@example.org", "b@example.org")
			p.data()
			p.expect('y', "550")
			p.send('A')
		}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := startListenRig(t, atMost(1), ListenConfig{Address: filtering}, Needs{})
				p := r.to(t, "587")
				c.play(p)
				_ = p.conn.Close()
				if err := r.Shutdown(t.Context()); err != nil {
					t.Error(err)
				}
				if got := r.Unended(filtering); got != c.want {
					t.Errorf("%d messages without an end, want %d", got, c.want)
				}
			})
		})
	}
}

// TestCountAtData: where no end is shown, the reservation is committed and the record
// written at DATA.
func TestCountAtData(t *testing.T) {
	judge := &reserving{}
	synctest.Test(t, func(t *testing.T) {
		r := startListenRig(t, judge, ListenConfig{Address: filtering, Count: "data"}, Needs{Lists: true})
		p := r.to(t, "587")
		for range maxUnendedOfOne + 1 {
			p.filtered("anne")
		}
		p.ended("anne") // which Postfix would not show
		p.mail("anne", "a@example.org")
		p.data()
		p.expect('c', "")
		p.data() // a later milter refused, and the client tries again
		p.expect('c', "")
		p.rcpt("b@example.org", "<b@example.org>")
		p.data()
		p.expect('c', "")
		_ = p.conn.Close()
		if err := r.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
		lines := r.log.lines()
		if want := maxUnendedOfOne + 1 + 1 + 2; len(lines) != want || len(judge.settled) != want || r.Unended(filtering) != 0 {
			t.Errorf("%d records, %d settled, want %d; %d messages without an end", len(lines), len(judge.settled), want, r.Unended(filtering))
		}
		for i, line := range lines {
			if !strings.HasPrefix(line, "level=INFO msg=accepted queue_id=4F1 ") {
				t.Error(line)
			}
			if want := fmt.Sprint(i+1, " true"); judge.settled[i] != want {
				t.Errorf("settled %q, want %q", judge.settled[i], want)
			}
		}
	})
}

// TestNoEndIsTold: the rules are told that there will be no header; with lists, a header
// that comes is skipped, and nothing is changed.
func TestNoEndIsTold(t *testing.T) {
	for count, want := range map[string]bool{"": false, "end": false, "data": true} {
		told := make(chan bool, 1)
		judge := judgeFunc(func(m *quota.Message) quota.Verdict {
			told <- m.NoEnd
			return quota.Verdict{Action: quota.Accept}
		})
		synctest.Test(t, func(t *testing.T) {
			r := startListenRig(t, judge, ListenConfig{Address: filtering, Count: count}, Needs{Lists: true})
			p := r.to(t, "587")
			p.mail("anne", "list@l.fr")
			p.data()
			p.expect('c', "")
			p.header("From: anne@x.fr", "X-Sender: x")
			p.ends()
			_ = p.conn.Close()
			if err := r.Shutdown(context.WithoutCancel(t.Context())); err != nil {
				t.Error(err)
			}
		})
		if got := <-told; got != want {
			t.Errorf("count %q: the rules are told %v", count, got)
		}
	}
}
