package milter

import (
	"io"
	"log/slog"
	"net"
	"slices"
	"strings"
	"testing"

	"github.com/rcptquota/rcptquota/quota"
)

// FuzzServer sends any bytes to a server. Each connection ends, the library catches no
// panic, and no message passes that the judge refused.
func FuzzServer(f *testing.F) {
	message := [][]byte{
		negotiation(postfixOffer),
		packet('C', "client.example.org", "4\x00\x19192.0.2.1"),
		packet('D', "M"+macroLogin, "anne"), packet('M', "<from@example.org>"),
		packet('D', "R"+macroRecipient, "a@example.org"), packet('R', "<a@example.org>"),
		packet('D', "Ti", "4F1"), packet('T'), packet('L', "From", "anne@example.org"), packet('N'),
		packet('B', "body"), packet('E'), packet('A'), packet('A'), packet('Q'),
	}
	f.Add(slices.Concat(message...), false)
	f.Add(slices.Concat(message...), true)
	f.Add(slices.Concat(message[3], message[5], message[7], message[7], message[11]), false)
	f.Add([]byte{0, 0, 0, 0, 0, 0, 0, 1, 'K', 0xff, 0xff, 0xff, 0xff, 'T'}, true)
	f.Add(slices.Concat(message[0], packet('C', "host", "6"), packet('C', "h", "4\x00"), packet('D', "R"), packet('O')), false)
	f.Fuzz(func(t *testing.T, bytes []byte, inbound bool) {
		role := quota.Submission
		if inbound {
			role = quota.Inbound
		}
		library := &safeBuffer{} // the library writes to the default logger
		slog.SetDefault(slog.New(slog.NewTextHandler(library, nil)))
		r := startListsRig(t, atMost(0), role, true)
		ours, theirs := net.Pipe()
		r.pipes.conns <- theirs
		go func() { _, _ = io.Copy(io.Discard, ours) }()
		_, _ = ours.Write(bytes) // fails when the server has had enough
		_ = ours.Close()
		if err := r.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
		if lines := strings.Join(library.lines(), "\n"); strings.Contains(lines, "panic") {
			t.Error(lines)
		}
		for _, line := range r.log.lines() {
			if strings.Contains(line, "msg=accepted") && !strings.Contains(line, "recipients=0") {
				t.Error(line)
			}
		}
	})
}
