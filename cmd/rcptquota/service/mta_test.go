package service

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"testing"
)

// mta plays Postfix's side of one milter connection.
type mta struct {
	t    *testing.T
	conn net.Conn
	in   *bufio.Reader
}

func dialMTA(t *testing.T, socket string) *mta {
	t.Helper()
	conn, err := net.Dial("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	m := &mta{t, conn, bufio.NewReader(conn)}
	m.send('O', "\x00\x00\x00\x06\x00\x00\x01\xff\x00\x1f\xff\xff")
	_ = m.answer()
	return m
}

func (m *mta) send(code byte, payload string) {
	m.t.Helper()
	b := append(binary.BigEndian.AppendUint32(nil, uint32(1+len(payload))), code)
	if _, err := m.conn.Write(append(b, payload...)); err != nil {
		m.t.Fatal(err)
	}
}

func (m *mta) answer() string {
	m.t.Helper()
	var length [4]byte
	if _, err := io.ReadFull(m.in, length[:]); err != nil {
		m.t.Fatal(err)
	}
	answer := make([]byte, binary.BigEndian.Uint32(length[:]))
	if _, err := io.ReadFull(m.in, answer); err != nil {
		m.t.Fatal(err)
	}
	return string(answer)
}

// data shows a message to n recipients up to DATA, and returns the answer: "c" if it
// passes.
func (m *mta) data(login string, n int) string {
	m.t.Helper()
	m.send('D', "M{auth_authen}\x00"+login+"\x00")
	m.send('M', "<"+login+"@example.org>\x00")
	for i := range n {
		m.send('D', fmt.Sprintf("R{rcpt_addr}\x00r%d@example.org\x00", i))
		m.send('R', fmt.Sprintf("<r%d@example.org>\x00", i))
	}
	m.send('D', "Ti\x004F1\x00")
	m.send('T', "")
	return m.answer()
}

// end shows the end of the message, and returns the answer.
func (m *mta) end() string {
	m.t.Helper()
	m.send('D', "Ei\x004F1\x00")
	m.send('E', "")
	return m.answer()
}

func (m *mta) abort() { m.t.Helper(); m.send('A', "") }
