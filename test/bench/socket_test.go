//go:build servers && bench

package bench

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"log/slog"
	"net"
	"path/filepath"
	"testing"
	"time"

	gomilter "github.com/emersion/go-milter"

	"github.com/rcptquota/rcptquota/ldapcache"
	"github.com/rcptquota/rcptquota/milter"
	"github.com/rcptquota/rcptquota/milter/reply"
	"github.com/rcptquota/rcptquota/quota"
	"github.com/rcptquota/rcptquota/test/servers"
)

const pairsPerLoop = 15

// BenchmarkSocket shows messages to rcptquota and to a go-milter server that
// only continues, both in this process, as Postfix would show them to each: a
// wait for every reply that was not agreed away. One iteration is some pairs of
// batches.
func BenchmarkSocket(b *testing.B) {
	dir := servers.Scratch(b)
	ours, bare := filepath.Join(dir, "ours.sock"), filepath.Join(dir, "bare.sock")
	serveOurs(b, ours)
	serveBare(b, bare)
	for _, recipients := range []int{1, 10, 150, 1000} {
		b.Run(fmt.Sprintf("recipients=%d", recipients), func(b *testing.B) {
			a, z := dialMTA(b, ours), dialMTA(b, bare)
			message := milterMessage(recipients)
			batch := max(2000/(recipients+10), 5)
			var ourRates, bareRates, ratios []float64
			for b.Loop() {
				for range pairsPerLoop {
					o, n := a.rate(b, message, batch), z.rate(b, message, batch)
					ourRates, bareRates, ratios = append(ourRates, o), append(bareRates, n), append(ratios, o/n)
				}
			}
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(median(bareRates), "bare-msg/s")
			b.ReportMetric(median(ourRates), "rcptquota-msg/s")
			b.ReportMetric(median(ratios), "ratio")
		})
	}
}

func serveOurs(b *testing.B, socket string) {
	b.Helper()
	config := quota.DefaultConfig()
	config.Classes = map[string]quota.ClassConfig{"all": {Recipients: new(5000)}}
	rules, err := quota.Compile(&config)
	if err != nil {
		b.Fatal(err)
	}
	directory, err := ldapcache.Open(ldapcache.DefaultConfig(), nil)
	if err != nil {
		b.Fatal(err)
	}
	replies, err := reply.New(reply.DefaultConfig())
	if err != nil {
		b.Fatal(err)
	}
	server := milter.NewServer(quota.NewPolicy(rules, directory, nil), replies, slog.New(slog.DiscardHandler), milter.Needs{})
	ln, err := net.Listen("unix", socket)
	if err != nil {
		b.Fatal(err)
	}
	go func() { _ = server.Serve(ln, milter.ListenConfig{}) }()
	b.Cleanup(func() { _ = server.Shutdown(b.Context()) })
}

func serveBare(b *testing.B, socket string) {
	b.Helper()
	ln, err := net.Listen("unix", socket)
	if err != nil {
		b.Fatal(err)
	}
	server := &gomilter.Server{
		NewMilter: func() gomilter.Milter { return continuing{} },
		Protocol:  gomilter.OptNoHelo | gomilter.OptNoHeaders | gomilter.OptNoEOH | gomilter.OptNoBody,
	}
	go func() { _ = server.Serve(ln) }()
	b.Cleanup(func() { _ = server.Close() })
}

// continuing only continues.
type continuing struct{ gomilter.NoOpMilter }

// Body continues too.
func (continuing) Body(*gomilter.Modifier) (gomilter.Response, error) {
	return gomilter.RespContinue, nil
}

// mta plays Postfix's side of a milter connection.
type mta struct {
	conn     net.Conn
	in       *bufio.Reader
	out      *bufio.Writer
	protocol uint32
	version  uint32
}

// event is one packet and the no-reply flag that frees Postfix from waiting.
type event struct {
	packet  []byte
	noReply gomilter.OptProtocol
	silent  bool // never answered
	data    bool // shown from version 4 on
}

func packet(code gomilter.Code, payload string) []byte {
	b := binary.BigEndian.AppendUint32(nil, uint32(1+len(payload)))
	return append(append(b, byte(code)), payload...)
}

func milterMessage(recipients int) []event {
	events := []event{
		{packet: packet(gomilter.CodeMacro, "M{auth_authen}\x00anne\x00"), silent: true},
		{packet: packet(gomilter.CodeMail, "<anne@example.org>\x00"), noReply: gomilter.OptNoMailReply},
	}
	for i := range recipients {
		events = append(events,
			event{packet: packet(gomilter.CodeMacro, fmt.Sprintf("R{rcpt_addr}\x00recipient%d@example.org\x00", i)), silent: true},
			event{packet: packet(gomilter.CodeRcpt, fmt.Sprintf("<recipient%d@example.org>\x00", i)), noReply: gomilter.OptNoRcptReply})
	}
	return append(events,
		event{packet: packet(gomilter.CodeMacro, "Ti\x004F1\x00"), silent: true},
		event{packet: packet(gomilter.CodeData, ""), data: true},
		event{packet: packet(gomilter.CodeMacro, "Ei\x004F1\x00"), silent: true},
		event{packet: packet(gomilter.CodeEOB, "")},
		event{packet: packet(gomilter.CodeAbort, ""), silent: true})
}

func dialMTA(b *testing.B, socket string) *mta {
	b.Helper()
	conn, err := net.Dial("unix", socket)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = conn.Close() })
	m := &mta{conn: conn, in: bufio.NewReader(conn), out: bufio.NewWriter(conn)}
	if _, err := conn.Write(packet(gomilter.CodeOptNeg, "\x00\x00\x00\x06\x00\x00\x01\xff\x00\x1f\xff\xff")); err != nil {
		b.Fatal(err)
	}
	answer, err := m.receive()
	if err != nil {
		b.Fatal(err)
	}
	m.version = binary.BigEndian.Uint32(answer[1:])
	m.protocol = binary.BigEndian.Uint32(answer[9:])
	return m
}

func (m *mta) receive() ([]byte, error) {
	var length [4]byte
	if _, err := io.ReadFull(m.in, length[:]); err != nil {
		return nil, err
	}
	body := make([]byte, binary.BigEndian.Uint32(length[:]))
	_, err := io.ReadFull(m.in, body)
	return body, err
}

// rate shows messages one after another and returns how many a second.
func (m *mta) rate(b *testing.B, message []event, messages int) float64 {
	b.Helper()
	start := time.Now()
	for range messages {
		for _, e := range message {
			if err := m.show(e); err != nil {
				b.Fatal(err)
			}
		}
	}
	return float64(messages) / time.Since(start).Seconds()
}

func (m *mta) show(e event) error {
	if e.data && m.version < 4 {
		return nil
	}
	if _, err := m.out.Write(e.packet); err != nil {
		return err
	}
	if e.silent || m.protocol&uint32(e.noReply) != 0 {
		return nil
	}
	if err := m.out.Flush(); err != nil {
		return err
	}
	answer, err := m.receive()
	if err == nil && !bytes.Equal(answer, []byte{byte(gomilter.ActContinue)}) {
		err = fmt.Errorf("the milter answers %q", answer)
	}
	return err
}
