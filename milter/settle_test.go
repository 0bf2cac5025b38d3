package milter

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/rcptquota/rcptquota/quota"
	"github.com/rcptquota/rcptquota/quota/list"
)

// reserving accepts up to two recipients with a new ticket, and records what is settled.
type reserving struct {
	tickets int
	settled []string
	err     error
}

func (r *reserving) Judge(_ context.Context, m *quota.Message) quota.Verdict {
	if m.Recipients.Len() > 2 {
		return quota.Verdict{Action: quota.Refuse, Reason: quota.MessageLimit}
	}
	r.tickets++
	return quota.Verdict{Action: quota.Accept, Due: quota.Due{Ticket: quota.Ticket{Sender: "anne", ID: fmt.Sprint(r.tickets)}}}
}

func (r *reserving) JudgeHeader(v *quota.Verdict, _ *quota.Header) quota.Verdict { return *v }

func (r *reserving) Settle(_ context.Context, t quota.Ticket, committed bool) error {
	r.settled = append(r.settled, fmt.Sprint(t.ID, " ", committed))
	return r.err
}

// TestSettle: every reservation is settled once, and is committed only if the end of its
// message was seen.
func TestSettle(t *testing.T) {
	message := func(p *peer) {
		p.mail("anne", "a@example.org")
		p.data()
		p.expect('c', "")
	}
	for name, c := range map[string]struct {
		play func(p *peer)
		want []string
	}{
		"sent": {func(p *peer) { message(p); p.endOfMessage() }, []string{"1 true"}},
		"aborted twice": {func(p *peer) {
			message(p)
			p.send('A')
			p.send('A')
		}, []string{"1 false"}},
		"disconnected": {message, []string{"1 false"}},
		"quit":         {func(p *peer) { message(p); p.send('Q'); p.expectEnd() }, []string{"1 false"}},
		"malformed":    {func(p *peer) { message(p); p.send('?'); p.expectEnd() }, []string{"1 false"}},
		"the next message begins": {func(p *peer) {
			message(p)
			message(p)
			p.endOfMessage()
		}, []string{"1 false", "2 true"}},
		"recipients added after a later milter's refusal": {func(p *peer) {
			message(p)
			p.send('R', "<b@example.org>")
			p.data()
			p.expect('c', "")
			p.send('R', "<c@example.org>")
			p.data()
			p.expect('y', "550")
		}, []string{"1 false", "2 false"}},
		"DATA again": {func(p *peer) {
			message(p)
			p.data()
			p.expect('c', "")
			p.endOfMessage()
		}, []string{"1 true"}},
	} {
		t.Run(name, func(t *testing.T) {
			judge := &reserving{}
			dialogue(t, quota.Submission, judge, c.play)
			if !slices.Equal(judge.settled, c.want) {
				t.Errorf("settled %q, want %q", judge.settled, c.want)
			}
		})
	}
}

func TestSettleFails(t *testing.T) {
	judge := &reserving{err: errors.New("connection refused")}
	log := dialogue(t, quota.Submission, judge, func(p *peer) {
		p.mail("anne", "a@example.org")
		p.data()
		p.expect('c', "")
		p.send('A')
	})
	checkLog(t, log, `level=WARN msg="cannot settle what a message reserved" queue_id=4F1 sender=anne commit=false error="connection refused"`)
}

// TestShutdownGivesBack: the reservation of a message that a shutdown cuts off is released.
func TestShutdownGivesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		judge := &reserving{}
		r := startRig(t, judge, quota.Submission)
		p := r.pipes.dial(t)
		p.negotiate(postfixOffer)
		p.mail("anne", "a@example.org")
		p.data()
		p.expect('c', "")
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := r.Shutdown(ctx); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		if !slices.Equal(judge.settled, []string{"1 false"}) {
			t.Errorf("settled %q", judge.settled)
		}
	})
}

func TestLongLogin(t *testing.T) {
	dialogue(t, quota.Submission, atMost(1), func(p *peer) {
		p.mail(strings.Repeat("a", maxLogin+1))
		p.expectEnd()
	})
}

// posts accepts every message as a post to a list, with a ticket and a new Reply-To.
type posts struct{ reserving }

func (p *posts) Judge(ctx context.Context, m *quota.Message) quota.Verdict {
	v := p.reserving.Judge(ctx, m)
	v.List, v.Posting = "list@l.fr", &list.Posting{List: "list@l.fr", ReplyTo: []string{"a@x.fr"}, Enforced: true}
	return v
}

// TestEditsFail: a post whose changes could not be written is not sent, and costs nothing,
// however often the client tries again.
func TestEditsFail(t *testing.T) {
	for name, offer := range map[string]options{
		"not agreed to": {version: 6, actions: 0x100, protocol: 0x1fffff},
		"not written":   postfixOffer,
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				judge := &posts{}
				r := startListsRig(t, judge, quota.Submission, true)
				for range 2 {
					p := r.pipes.dial(t)
					p.negotiate(offer)
					p.mail("anne", "list@l.fr")
					p.data()
					p.expect('c', "")
					p.header("From: anne@x.fr")
					p.send('E')
					if err := p.conn.Close(); err != nil { // nobody reads the changes
						t.Error(err)
					}
					synctest.Wait()
				}
				if err := r.Shutdown(t.Context()); err != nil {
					t.Error(err)
				}
				if want := []string{"1 false", "2 false"}; !slices.Equal(judge.settled, want) {
					t.Errorf("settled %q, want %q", judge.settled, want)
				}
				if log := strings.Join(r.log.lines(), ""); strings.Count(log, "level=") != 2 || strings.Count(log, msgNotChanged) != 2 {
					t.Errorf("log %s", log)
				}
			})
		})
	}
}
