package milter

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"sync/atomic"
	"syscall"
	"time"

	gomilter "github.com/emersion/go-milter"
)

const (
	// protocolVersion is the version we speak: the first in which Postfix shows
	// DATA and honours the no-reply flags.
	protocolVersion = 6

	// idleTimeout is how long a connection may be silent between two messages. During
	// a message the MTA sets the limit: its body may come slowly, and we see nothing of
	// it. If the MTA dies, a unix socket is closed, and on TCP Go has keepalives on.
	idleTimeout = time.Hour
	// packetTimeout is how long the rest of a packet may take once it began.
	packetTimeout = 30 * time.Second
	// maxSkip is the largest header field that is skipped; the library
	// refuses larger packets.
	maxSkip = 1 << 20
	// writeTimeout is how long the MTA may take to read a reply.
	writeTimeout = 30 * time.Second
)

// Sizes in bytes of the parts of a packet: a length in network byte order that
// counts what follows it, a code, and in an option negotiation three words.
const (
	lengthSize  = 4
	headSize    = lengthSize + 1
	optionsSize = 3 * 4
)

var errShortNegotiation = errors.New("malformed option negotiation")

// wire is the thin layer under go-milter, one for each connection. It reads
// through a buffer, raises the protocol version to 6 within what the MTA
// offers, shows DATA to the library as the end of headers (the only other
// event of that length which it hands on), and sets deadlines.
//
// All methods but hangUpIdle and kill are called by the library's one goroutine
// for the connection.
type wire struct {
	net.Conn
	in       *bufio.Reader
	left     int // bytes of the current packet not yet read
	offer    options
	agreed   options // zero until our negotiation was written
	inflight func() bool
	headers  func() bool
	onClose  func()
	draining *atomic.Bool
	waiting  atomic.Bool // for a packet, between messages
}

// options are the words of an option negotiation (SMFIC_OPTNEG).
type options struct {
	version, actions, protocol uint32
}

// newWire wraps conn, a connection of s. Once the server drains, it ends when no
// transaction is under way; onClose runs once the library has closed it.
func newWire(conn net.Conn, s *session, onClose func()) *wire {
	return &wire{
		Conn: conn, in: bufio.NewReader(conn), onClose: onClose,
		inflight: s.inTransaction, headers: s.wantsHeaders, draining: &s.server.draining,
	}
}

// Read implements [io.Reader]. It never returns bytes of two packets at once.
func (w *wire) Read(p []byte) (int, error) {
	if w.left == 0 {
		if err := w.nextPacket(); err != nil {
			return 0, err
		}
	}
	n, err := w.in.Read(p[:min(len(p), w.left)])
	w.left -= n
	return n, err
}

// nextPacket waits for a packet that the library is to see, looks at its head in
// the buffer, and translates it there.
func (w *wire) nextPacket() error {
	for {
		if err := w.await(); err != nil {
			return err
		}
		skipped, err := w.beginPacket()
		if err != nil || !skipped {
			return err
		}
	}
}

// beginPacket looks at the head of a packet. It reports true for one that it skipped:
// a header field of a message that is not judged by its header, for which the MTA awaits no answer.
func (w *wire) beginPacket() (skipped bool, err error) {
	length, err := w.peek(lengthSize)
	if err != nil {
		return false, err
	}
	size := binary.BigEndian.Uint32(length)
	w.left = lengthSize + int(size)
	if size == 0 {
		return false, nil // the library says what is wrong with it
	}
	head, err := w.peek(headSize)
	if err != nil {
		return false, err
	}
	switch code := gomilter.Code(head[lengthSize]); {
	case code == gomilter.CodeData && size == 1:
		head[lengthSize] = byte(gomilter.CodeEOH)
	case code == gomilter.CodeOptNeg:
		if err := w.readOffer(size); err != nil {
			return false, err
		}
	case code == gomilter.CodeHeader && size <= maxSkip && !w.expectsReply(gomilter.OptNoHeaderReply) && !w.headers():
		skipped = true
	}
	if w.in.Buffered() < w.left {
		err = w.SetReadDeadline(time.Now().Add(packetTimeout))
	}
	if skipped && err == nil {
		_, err = w.in.Discard(w.left)
		w.left = 0
	}
	return skipped, err
}

// await blocks until the first byte of a packet has come. Every quiet end of a
// connection is io.EOF, of which the library says nothing.
func (w *wire) await() error {
	if w.in.Buffered() > 0 {
		return nil
	}
	idle := !w.inflight()
	var deadline time.Time // none
	if idle {
		deadline = time.Now().Add(idleTimeout)
	}
	if err := w.SetReadDeadline(deadline); err != nil {
		return err
	}
	// The order matters: hangUpIdle is called after draining became true, so
	// that one of the two sees the other.
	w.waiting.Store(idle)
	defer w.waiting.Store(false)
	if w.waiting.Load() && w.draining.Load() {
		return io.EOF
	}
	_, err := w.in.Peek(1)
	if errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, net.ErrClosed) || errors.Is(err, syscall.ECONNRESET) {
		return io.EOF
	}
	return err
}

// peek returns the next n bytes of a packet that has begun.
func (w *wire) peek(n int) ([]byte, error) {
	if w.in.Buffered() < n {
		if err := w.SetReadDeadline(time.Now().Add(packetTimeout)); err != nil {
			return nil, err
		}
	}
	b, err := w.in.Peek(n)
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return b, err
}

func (w *wire) readOffer(size uint32) error {
	if w.agreed != (options{}) {
		return errors.New("a second option negotiation")
	}
	if size < 1+optionsSize {
		return fmt.Errorf("%w: %d bytes", errShortNegotiation, size)
	}
	packet, err := w.peek(headSize + optionsSize)
	if err != nil {
		return err
	}
	words := packet[headSize:]
	w.offer = options{
		version:  binary.BigEndian.Uint32(words),
		actions:  binary.BigEndian.Uint32(words[4:]),
		protocol: binary.BigEndian.Uint32(words[8:]),
	}
	return nil
}

// Write implements [io.Writer]. The library writes each packet whole; its first
// one, the answer to the negotiation, is brought to what both sides can do.
func (w *wire) Write(p []byte) (int, error) {
	if err := w.SetWriteDeadline(time.Now().Add(writeTimeout)); err != nil {
		return 0, err
	}
	first := w.agreed == options{}
	if !first || len(p) < headSize+optionsSize || gomilter.Code(p[lengthSize]) != gomilter.CodeOptNeg {
		return w.Conn.Write(p)
	}
	if _, err := w.Conn.Write(w.agree(p)); err != nil {
		return 0, err
	}
	return len(p), nil
}

// agree returns the library's negotiation packet at our version, without what
// the MTA did not offer.
func (w *wire) agree(packet []byte) []byte {
	packet = slices.Clone(packet)
	words := packet[headSize : headSize+optionsSize]
	w.agreed = options{
		version:  min(protocolVersion, w.offer.version),
		actions:  binary.BigEndian.Uint32(words[4:]) & w.offer.actions,
		protocol: binary.BigEndian.Uint32(words[8:]) & w.offer.protocol,
	}
	binary.BigEndian.PutUint32(words, w.agreed.version)
	binary.BigEndian.PutUint32(words[4:], w.agreed.actions)
	binary.BigEndian.PutUint32(words[8:], w.agreed.protocol)
	if w.agreed.actions&uint32(gomilter.OptSetSymList) == 0 {
		packet = packet[:headSize+optionsSize] // no list of macros then
		binary.BigEndian.PutUint32(packet, 1+optionsSize)
	}
	return packet
}

// expectsReply reports whether the MTA waits for an answer to the event that
// the no-reply flag is about.
func (w *wire) expectsReply(noReply gomilter.OptProtocol) bool {
	return w.agreed.protocol&uint32(noReply) == 0
}

// allows reports whether the MTA agreed to all of these changes of a message.
func (w *wire) allows(actions gomilter.OptAction) bool {
	return w.agreed.actions&uint32(actions) == uint32(actions)
}

// Close implements [io.Closer]; the library calls it once, last of all.
func (w *wire) Close() error {
	defer w.onClose()
	return w.Conn.Close()
}

// hangUpIdle ends the connection if it waits between two messages.
func (w *wire) hangUpIdle() {
	if w.waiting.Load() {
		_ = w.SetReadDeadline(time.Unix(1, 0)) // a closed connection is as good
	}
}

// kill ends the connection at once.
func (w *wire) kill() { _ = w.Conn.Close() }
