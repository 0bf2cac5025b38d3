package milter

import (
	"context"
	"net"
	"path/filepath"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/rcptquota/rcptquota/milter/reply"
	"github.com/rcptquota/rcptquota/quota"
	"github.com/rcptquota/rcptquota/test/servers"
)

func isOver(over <-chan struct{}) bool {
	synctest.Wait()
	select {
	case <-over:
		return true
	default:
		return false
	}
}

// A message goes by the rules by which it began, and its reservation is settled by them;
// the next one on the same connection goes by the new ones.
func TestUse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		before, after := &reserving{}, &reserving{tickets: 100}
		r := startRig(t, before, quota.Submission)
		p := r.pipes.dial(t)
		p.negotiate(postfixOffer)
		p.mail("anne", "a@example.org")
		over := r.Use(Rules{Policy: after, Replies: &reply.Replies{}})
		if isOver(over) {
			t.Error("the rules of a message under way are over")
		}
		p.data()
		p.expect('c', "")
		p.endOfMessage()
		p.send('A')
		if !isOver(over) {
			t.Error("after its last message the rules before are not over")
		}
		p.mail("anne", "a@example.org")
		p.data()
		p.expect('c', "")
		p.send('Q')
		p.expectEnd()
		if err := r.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
		if !slices.Equal(before.settled, []string{"1 true"}) || !slices.Equal(after.settled, []string{"101 false"}) {
			t.Errorf("settled %q by the rules before, %q by those after", before.settled, after.settled)
		}
		if over := r.Use(Rules{Policy: before, Replies: &reply.Replies{}}); !isOver(over) {
			t.Error("rules without a message under way are not over at once")
		}
	})
}

// unseen is a judge who notes whether messages show their header.
type unseen struct {
	lists
	unseen []bool
}

func (u *unseen) Judge(ctx context.Context, m *quota.Message) quota.Verdict {
	u.unseen = append(u.unseen, m.HeaderUnseen)
	return u.lists.Judge(ctx, m)
}

// A connection made before there were lists does not show the header, and the policy is
// told so; a new connection does.
func TestUseListsForTheFirstTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := startRig(t, &reserving{}, quota.Submission)
		old := r.pipes.dial(t)
		old.negotiate(postfixOffer)
		old.mail("anne", "a@example.org")
		old.send('A')
		judge := &unseen{}
		r.Use(Rules{Policy: judge, Replies: &reply.Replies{}, Needs: Needs{Lists: true}})
		young := r.pipes.dial(t)
		young.negotiate(postfixOffer)
		for _, p := range []*peer{old, young} {
			p.mail("anne", "a@example.org")
			p.data()
			p.expect('c', "")
			p.send('Q')
			p.expectEnd()
		}
		if err := r.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
		if !slices.Equal(judge.unseen, []bool{true, false}) {
			t.Errorf("the header is not seen: %v", judge.unseen)
		}
	})
}

// Whoever connected before a listener was withdrawn is served; its socket is gone.
func TestWithdraw(t *testing.T) {
	c := ListenConfig{Address: "unix:" + filepath.Join(servers.Scratch(t), "s.sock")}
	ln := listenUnix(t, c)
	s := startRig(t, &reserving{}, quota.Submission).Server
	waiting := dialUnix(t, c)
	s.Reconfigure(ln, ListenConfig{Address: c.Address, Role: "inbound"})
	s.Withdraw(ln) // before it is served
	if _, err := net.Dial("unix", c.Address[len("unix:"):]); err == nil {
		t.Error("the socket is still there")
	}
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(ln, c) }()
	waiting.negotiate(postfixOffer)
	waiting.mail("", "a@example.org")
	waiting.expect('c', "") // role inbound answers each RCPT
	if err := <-ended; err != nil {
		t.Error(err)
	}
	waiting.send('Q')
	waiting.expectEnd()
	if err := s.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
}

func dialUnix(t *testing.T, c ListenConfig) *peer {
	t.Helper()
	conn, err := net.Dial("unix", c.Address[len("unix:"):])
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return &peer{t: t, conn: conn}
}
