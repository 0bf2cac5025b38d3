package milter

import (
	"bytes"
	"encoding/binary"
	"io"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"

	gomilter "github.com/emersion/go-milter"

	"github.com/rcptquota/rcptquota/milter/reply"
	"github.com/rcptquota/rcptquota/quota"
)

// judgeFunc is a Judge made of a function.
type judgeFunc func(m *quota.Message) quota.Verdict

// postfixOffer is what Postfix 3.7 offers: version 6, and all actions and protocol options
// that it knows.
var postfixOffer = options{version: 6, actions: 0x1ff, protocol: 0x1fffff}

// pipes is a listener of connections in memory, for synctest bubbles.
type pipes struct {
	conns chan net.Conn
	done  chan struct{}
	once  sync.Once
}

func newPipes() *pipes { return &pipes{conns: make(chan net.Conn), done: make(chan struct{})} }

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.done:
		return nil, net.ErrClosed
	}
}
func (p *pipes) Close() error   { p.once.Do(func() { close(p.done) }); return nil }
func (p *pipes) Addr() net.Addr { return &net.UnixAddr{Name: "pipes", Net: "unix"} }

// dial hands the server one end of a pipe and returns the other as a peer.
func (p *pipes) dial(t testing.TB) *peer {
	t.Helper()
	ours, theirs := net.Pipe()
	p.conns <- theirs
	return &peer{t: t, conn: ours}
}

// peer plays an MTA.
type peer struct {
	t    testing.TB
	conn net.Conn
}

func packet(code byte, payload ...string) []byte {
	data := strings.Join(payload, "\x00")
	if len(payload) > 0 && code != 'O' {
		data += "\x00"
	}
	b := binary.BigEndian.AppendUint32(nil, uint32(1+len(data)))
	return append(append(b, code), data...)
}

func (p *peer) write(b []byte) {
	p.t.Helper()
	if _, err := p.conn.Write(b); err != nil {
		p.t.Fatal(err)
	}
}

func (p *peer) send(code byte, payload ...string) {
	p.t.Helper()
	p.write(packet(code, payload...))
}

// receive returns the next packet's code and payload.
func (p *peer) receive() (byte, string) {
	p.t.Helper()
	head := make([]byte, headSize)
	if _, err := io.ReadFull(p.conn, head); err != nil {
		p.t.Fatal(err)
	}
	payload := make([]byte, binary.BigEndian.Uint32(head)-1)
	if _, err := io.ReadFull(p.conn, payload); err != nil {
		p.t.Fatal(err)
	}
	return head[lengthSize], string(payload)
}

func (p *peer) expect(code byte, contains string) {
	p.t.Helper()
	got, payload := p.receive()
	if got != code || !strings.Contains(payload, contains) {
		p.t.Fatalf("got %q %q, want %q with %q", got, payload, code, contains)
	}
}

func (p *peer) expectEnd() {
	p.t.Helper()
	if n, err := p.conn.Read(make([]byte, 1)); n > 0 || err == nil {
		p.t.Fatal("the connection goes on")
	}
}

func negotiation(o options) []byte {
	var words []byte
	for _, w := range []uint32{o.version, o.actions, o.protocol} {
		words = binary.BigEndian.AppendUint32(words, w)
	}
	return packet('O', string(words))
}

// negotiate offers o and returns what was agreed, with the rest of the packet.
func (p *peer) negotiate(o options) (agreed options, rest string) {
	p.t.Helper()
	p.write(negotiation(o))
	code, payload := p.receive()
	if code != 'O' || len(payload) < optionsSize {
		p.t.Fatalf("negotiation answered with %q %q", code, payload)
	}
	word := func(i int) uint32 { return binary.BigEndian.Uint32([]byte(payload[4*i:])) }
	return options{word(0), word(1), word(2)}, payload[optionsSize:]
}

// mail shows the events of a message up to its last RCPT, as Postfix does when it waits for
// no replies.
func (p *peer) mail(login string, rcpts ...string) {
	p.t.Helper()
	p.send('D', "M"+macroLogin, login)
	p.send('M', "<from@example.org>")
	for _, r := range rcpts {
		p.rcpt(r, "<typed@example.org>")
	}
}

// rcpt shows a RCPT, as Postfix resolved it and as the client typed it.
func (p *peer) rcpt(resolved, typed string) {
	p.t.Helper()
	p.send('D', "R"+macroRecipient, resolved)
	p.send('R', typed)
}

// rig is a server with one listener, its log, and what its observer was told.
type rig struct {
	*Server
	pipes    *pipes
	log      *safeBuffer
	observed observed
}

type safeBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *safeBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *safeBuffer) lines() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Split(strings.TrimSpace(s.b.String()), "\n")
}

// startRig serves judge on a listener in memory; stop it with Shutdown.
func startRig(t testing.TB, judge Policy, role quota.Role) *rig {
	t.Helper()
	return startListsRig(t, judge, role, false)
}

// startListsRig is startRig where there may be lists.
func startListsRig(t testing.TB, judge Policy, role quota.Role, lists bool) *rig {
	t.Helper()
	return startListenRig(t, judge, ListenConfig{Address: "inet:127.0.0.1:8891", Role: role.String()}, Needs{Lists: lists})
}

// startListenRig is startRig with a listener as config says.
func startListenRig(t testing.TB, judge Policy, config ListenConfig, needs Needs) *rig {
	t.Helper()
	replies, err := reply.New(reply.Config{Language: "en", Contact: "help@example.org"})
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{pipes: newPipes(), log: &safeBuffer{}}
	handler := slog.NewTextHandler(r.log, &slog.HandlerOptions{ReplaceAttr: withoutTime})
	r.Server = NewServer(Rules{judge, replies, needs}, slog.New(handler))
	r.SetObserver(&r.observed)
	go func() {
		if err := r.Serve(r.pipes, config); err != nil {
			t.Error(err)
		}
	}()
	return r
}

func withoutTime(_ []string, a slog.Attr) slog.Attr {
	if a.Key == slog.TimeKey || a.Key == "elapsed_ms" {
		return slog.Attr{}
	}
	return a
}

var _ gomilter.Milter = callbacks{}
