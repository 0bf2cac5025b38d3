package milter

import (
	"context"
	"encoding/binary"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	gomilter "github.com/emersion/go-milter"

	"github.com/rcptquota/rcptquota/quota"
)

func TestNegotiation(t *testing.T) {
	submission, inbound, atData := ListenConfig{}, ListenConfig{Role: "inbound"}, ListenConfig{Count: "data"}
	for name, c := range map[string]struct {
		listen ListenConfig
		needs  Needs
		offer  options
		want   options
	}{
		"Postfix, submission": {submission, Needs{}, postfixOffer, options{6, 0x100, 0xd172}},
		"Postfix, inbound":    {inbound, Needs{}, postfixOffer, options{6, 0x100, 0x5372}},
		"lists, submission":   {submission, Needs{Lists: true}, postfixOffer, options{6, 0x11d, 0xd1d2}},
		"lists, inbound":      {inbound, Needs{Lists: true}, postfixOffer, options{6, 0x11d, 0x53d2}},
		"visible, submission": {submission, Needs{Visible: true}, postfixOffer, options{6, 0x100, 0xd1d2}},
		"visible, inbound":    {inbound, Needs{Visible: true}, postfixOffer, options{6, 0x100, 0x5372}},
		"visible, at DATA":    {atData, Needs{Visible: true}, postfixOffer, options{6, 0x100, 0xd172}},
		"a later version":     {submission, Needs{}, options{7, 0x1ff, 0x1fffff}, options{6, 0x100, 0xd172}},
		"version 2":           {submission, Needs{}, options{2, 0x3f, 0x7f}, options{2, 0, 0x72}},
		"nothing":             {submission, Needs{Lists: true}, options{6, 0, 0}, options{6, 0, 0}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := startListenRig(t, atMost(1), c.listen, c.needs)
				p := r.pipes.dial(t)
				got, rest := p.negotiate(c.offer)
				if got != c.want {
					t.Errorf("agreed on %#x, want %#x", got, c.want)
				}
				if asks := c.want.actions&uint32(gomilter.OptSetSymList) != 0; asks != strings.Contains(rest, macroLogin) {
					t.Errorf("list of macros %q", rest)
				}
				_ = p.conn.Close()
				if err := r.Shutdown(t.Context()); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// TestBytesOneByOne: it does not matter how the bytes are split on the way.
func TestBytesOneByOne(t *testing.T) {
	log := dialogue(t, quota.Submission, atMost(2), func(p *peer) {
		var all []byte
		for _, b := range [][]byte{
			packet('D', "M"+macroLogin, "anne"), packet('M', "<from@example.org>"),
			packet('D', "R"+macroRecipient, "a@example.org"), packet('R', "<a@example.org>"),
			packet('D', "R"+macroRecipient, "b@example.org"), packet('R', "<b@example.org>"),
			packet('D', "Ti", "4F1"), packet('T'),
		} {
			all = append(all, b...)
		}
		for _, b := range all {
			p.write([]byte{b})
		}
		p.expect('c', "")
		p.endOfMessage()
	})
	checkLog(t, log, accepted2)
}

func TestMalformedPacketsEndTheConnection(t *testing.T) {
	huge := binary.BigEndian.AppendUint32(nil, 1<<31)
	for name, bytes := range map[string][]byte{
		"no length":            {0, 0, 0, 0, 'M'},
		"huge":                 append(huge, 'M'),
		"unknown code":         packet('?'),
		"macro without code":   packet('D'),
		"connect, no family":   packet('C', "host"),
		"connect, empty":       packet('C'),
		"negotiation cut":      packet('O', "\x00\x00\x00\x06"),
		"negotiation, no more": packet('O'),
	} {
		t.Run(name, func(t *testing.T) {
			dialogue(t, quota.Submission, atMost(1), func(p *peer) {
				p.write(bytes)
				p.expectEnd()
			})
		})
	}
}

// TestSlowPacket: the rest of a packet has to come soon after its beginning. A silent
// connection may stay open for long.
func TestSlowPacket(t *testing.T) {
	for name, bytes := range map[string][]byte{
		"in its length":  {0, 0},
		"after length":   {0, 0, 0, 9},
		"in its payload": slices.Clone(packet('M', "<anne@example.org>")[:12]),
	} {
		t.Run(name, func(t *testing.T) {
			dialogue(t, quota.Submission, atMost(1), func(p *peer) {
				p.write(bytes)
				start := time.Now()
				p.expectEnd()
				if waited := time.Since(start); waited != packetTimeout {
					t.Errorf("ended after %v, want %v", waited, packetTimeout)
				}
			})
		})
	}
	t.Run("idle", func(t *testing.T) {
		dialogue(t, quota.Submission, atMost(1), func(p *peer) {
			start := time.Now()
			p.expectEnd()
			if waited := time.Since(start); waited != idleTimeout {
				t.Errorf("ended after %v, want %v", waited, idleTimeout)
			}
		})
	})
}

// TestSlowUpload: Postfix decides how long each stage of a message may take. Between two
// messages a silent connection is ended.
func TestSlowUpload(t *testing.T) {
	log := dialogue(t, quota.Submission, atMost(1), func(p *peer) {
		wait := func() {
			time.Sleep(7 * 24 * time.Hour) //nolint:forbidigo // the bubble's clock
		}
		p.mail("anne", "a@example.org")
		wait()
		p.data()
		p.expect('c', "")
		wait()
		p.endOfMessage()
		start := time.Now()
		p.expectEnd()
		if waited := time.Since(start); waited != idleTimeout {
			t.Errorf("ended after %v, want %v", waited, idleTimeout)
		}
	})
	checkLog(t, log, `level=INFO msg=accepted queue_id=4F1 sender=anne class=test recipients=1 limit=1 client=192.0.2.1 role=submission`)
}

// TestPeerThatReadsNothing: a reply that nobody reads ends the connection.
func TestPeerThatReadsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := startRig(t, atMost(1), quota.Submission)
		p := r.pipes.dial(t)
		p.write(negotiation(postfixOffer))
		time.Sleep(writeTimeout) //nolint:forbidigo // the bubble's clock
		synctest.Wait()
		if _, err := p.conn.Write([]byte{0}); err == nil {
			t.Error("the connection goes on")
		}
		if err := r.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

func TestShutdown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := startRig(t, atMost(5), quota.Submission)
		idle, busy, between := r.pipes.dial(t), r.pipes.dial(t), r.pipes.dial(t)
		for _, p := range []*peer{idle, busy, between} {
			p.negotiate(postfixOffer)
		}
		busy.mail("anne", "a@example.org")
		between.mail("anne", "a@example.org")
		between.data()
		between.expect('c', "")
		between.endOfMessage()
		synctest.Wait()

		done := make(chan error)
		go func() { done <- r.Shutdown(t.Context()) }()
		idle.expectEnd()
		between.expectEnd()
		synctest.Wait()
		select {
		case err := <-done:
			t.Fatalf("shut down with a message under way: %v", err)
		default:
		}
		busy.data()
		busy.expect('c', "")
		busy.send('D', "Ei", "4F1")
		busy.send('E')
		busy.expect('c', "")
		busy.expectEnd()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if got := len(r.log.lines()); got != 2 {
			t.Errorf("%d records, want 2", got)
		}
	})
}

// TestShutdownInAHurry: a message that takes too long is cut off.
func TestShutdownInAHurry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := startRig(t, atMost(5), quota.Submission)
		p := r.pipes.dial(t)
		p.negotiate(postfixOffer)
		p.mail("anne", "a@example.org")
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		start := time.Now()
		if err := r.Shutdown(ctx); !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != time.Minute {
			t.Errorf("%v after %v", err, time.Since(start))
		}
		p.expectEnd()
		if err := r.Shutdown(t.Context()); err != nil {
			t.Errorf("second shutdown: %v", err)
		}
	})
}
