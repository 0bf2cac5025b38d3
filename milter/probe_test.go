package milter

import (
	"fmt"
	"net"
	"net/netip"
	"strings"
	"testing"

	"github.com/rcptquota/rcptquota/quota"
)

// TestProbe plays messages over a real socket, as Postfix would.
func TestProbe(t *testing.T) {
	r := startRig(t, atMost(2), quota.Submission)
	address := "inet:" + serveTCP(t, r, quota.Submission)
	inbound := "inet:" + serveTCP(t, r, quota.Inbound)
	probe := Probe{
		Client: netip.MustParseAddr("2001:db8::1"), Login: "anne", From: "anne@example.org", QueueID: "4F1",
		Recipients: []string{"a@example.org", "b@example.org"},
	}
	run := func(address, want string) {
		t.Helper()
		reply, err := probe.Run(address)
		if err != nil || reply != want {
			t.Errorf("%q, %v, want %q", reply, err, want)
		}
	}
	run(address, "")
	run(inbound, "")
	probe.UntilData = true
	run(address, "")
	probe.Recipients = append(probe.Recipients, "c@example.org")
	run(address, strings.TrimSuffix(refusal3, "\x00"))
	if err := r.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	ofIPv6 := strings.NewReplacer("192.0.2.1", "2001:db8::1").Replace
	checkLog(t, r.log.lines(), ofIPv6(accepted2),
		`level=INFO msg=accepted queue_id=4F1 sender=anne class=test recipients=2 limit=2 client=2001:db8::1 role=inbound`,
		ofIPv6(refused3))
	if _, err := probe.Run(address); err == nil {
		t.Error("a milter that is gone answers")
	}
	if _, err := probe.Run("tcp:127.0.0.1:1"); err == nil {
		t.Error("an address of no known kind is dialled")
	}
}

func serveTCP(t testing.TB, r *rig, role quota.Role) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		if err := r.Serve(ln, ListenConfig{Role: role.String()}); err != nil {
			t.Error(err)
		}
	}()
	return ln.Addr().String()
}

// BenchmarkMessage shows one message over a loopback socket, written as Postfix
// writes it, and waits for both replies.
func BenchmarkMessage(b *testing.B) {
	for _, n := range []int{1, 10, 150, 1000} {
		b.Run(fmt.Sprintf("recipients=%d", n), func(b *testing.B) {
			r := startRig(b, atMost(n), quota.Submission)
			conn, err := net.Dial("tcp", serveTCP(b, r, quota.Submission))
			if err != nil {
				b.Fatal(err)
			}
			p := &peer{t: b, conn: conn}
			p.negotiate(postfixOffer)
			envelope, end := benchMessage(n)
			b.ReportAllocs()
			for b.Loop() {
				p.write(envelope)
				p.expect('c', "")
				p.write(end)
				p.expect('c', "")
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/recipient")
			if err := conn.Close(); err != nil {
				b.Fatal(err)
			}
			if err := r.Shutdown(b.Context()); err != nil {
				b.Fatal(err)
			}
		})
	}
}

func benchMessage(n int) (envelope, end []byte) {
	envelope = append(packet('D', "M"+macroLogin, "anne"), packet('M', "<from@example.org>")...)
	for i := range n {
		rcpt := fmt.Sprintf("recipient%d@example.org", i)
		envelope = append(envelope, packet('D', "R"+macroRecipient, rcpt)...)
		envelope = append(envelope, packet('R', "<"+rcpt+">")...)
	}
	envelope = append(envelope, packet('D', "Ti", "4F1")...)
	envelope = append(envelope, packet('T')...)
	end = append(packet('D', "Ei", "4F1"), packet('E')...)
	return envelope, append(end, packet('A')...)
}
