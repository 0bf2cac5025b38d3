package milter

import (
	"context"
	"flag"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rcptquota/rcptquota/quota"
	"github.com/rcptquota/rcptquota/test/random"
)

var garbageFor = flag.Duration("garbage", time.Second, "how long TestGarbage lasts")

// TestGarbage sends malformed conversations to a running server. Meanwhile well-behaved
// connections, old and new, are not disturbed.
func TestGarbage(t *testing.T) {
	library := &safeBuffer{} // the library writes to the default logger
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(library, nil)))
	defer slog.SetDefault(before)
	r := startRig(t, atMost(2), quota.Submission)
	address := serveTCP(t, r, quota.Submission)
	ctx, cancel := context.WithTimeout(t.Context(), *garbageFor)
	defer cancel()

	var senders sync.WaitGroup
	var sent atomic.Int64
	numbers := random.New(t)
	for range 4 {
		own := random.Split(numbers)
		senders.Go(func() {
			for ctx.Err() == nil {
				sendGarbage(t, own, address)
				sent.Add(1)
			}
		})
	}
	messages := 0
	steady := dialPeer(t, address)
	for ctx.Err() == nil {
		for _, p := range []*peer{steady, dialPeer(t, address)} {
			p.mail("anne", "a@example.org", "b@example.org")
			p.data()
			p.expect('c', "")
			p.endOfMessage()
			messages++
			if p != steady {
				_ = p.conn.Close()
			}
		}
	}
	_ = steady.conn.Close()
	senders.Wait()
	if err := r.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	if lines := strings.Join(library.lines(), "\n"); strings.Contains(lines, "panic") {
		t.Error(lines)
	}
	if messages == 0 || sent.Load() == 0 {
		t.Error("nothing was tried")
	}
	t.Logf("%d messages beside %d connections of garbage", messages, sent.Load())
}

func dialPeer(t testing.TB, address string) *peer {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	p := &peer{t: t, conn: conn}
	p.negotiate(postfixOffer)
	return p
}

// sendGarbage opens a connection, sends malformed packets, and disconnects in one of
// several rude ways.
func sendGarbage(t *testing.T, r *rand.Rand, address string) {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Error(err)
		return
	}
	defer func() { _ = conn.Close() }()
	tcp := conn.(*net.TCPConn)
	_, _ = conn.Write(garbage(r))
	switch r.IntN(4) {
	case 0:
		_ = tcp.SetLinger(0) // reset
	case 1:
		_ = tcp.CloseWrite() // half-closed
		_, _ = io.Copy(io.Discard, conn)
	case 2:
		_ = conn.SetReadDeadline(time.Now().Add(time.Millisecond))
		_, _ = io.Copy(io.Discard, conn)
	}
}

// garbage is a valid conversation with bytes changed, removed or inserted, or nothing but
// noise.
func garbage(r *rand.Rand) []byte {
	noise := func(n int) []byte {
		b := make([]byte, n)
		for i := range b {
			b[i] = byte(r.Uint32())
		}
		return b
	}
	if r.IntN(4) == 0 {
		return noise(r.IntN(2000))
	}
	packets := [][]byte{
		negotiation(postfixOffer), packet('C', "h", "4\x00\x19192.0.2.1"), packet('H', "h"),
		packet('D', "M"+macroLogin, "mallory"), packet('M', "<m@example.org>"),
		packet('D', "R"+macroRecipient, "a@example.org"), packet('R', "<a@example.org>"),
		packet('D', "Ti", "4F1"), packet('T'), packet('N'), packet('L', "From", "x"), packet('B', "body"),
		packet('E'), packet('A'), packet('Q'), packet('K'), packet('U', "WHAT"),
	}
	if r.IntN(2) == 0 {
		r.Shuffle(len(packets), func(i, j int) { packets[i], packets[j] = packets[j], packets[i] })
	}
	bytes := slices.Concat(packets...)
	for range r.IntN(4) {
		at := r.IntN(len(bytes))
		switch r.IntN(3) {
		case 0:
			bytes[at] = byte(r.Uint32())
		case 1:
			bytes = slices.Delete(bytes, at, min(at+r.IntN(20), len(bytes)))
		case 2:
			bytes = slices.Insert(bytes, at, noise(r.IntN(20))...)
		}
	}
	return bytes
}

// TestManyConnections: thousands of idle connections do not disturb a busy one, and a
// shutdown ends them all.
func TestManyConnections(t *testing.T) {
	r := startRig(t, atMost(2), quota.Submission)
	address := serveTCP(t, r, quota.Submission)
	for range 3000 {
		p := dialPeer(t, address)
		defer func() { _ = p.conn.Close() }()
	}
	p := dialPeer(t, address)
	p.mail("anne", "a@example.org", "b@example.org")
	p.data()
	p.expect('c', "")
	p.endOfMessage()
	if err := r.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
}
