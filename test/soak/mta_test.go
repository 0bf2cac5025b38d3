//go:build servers && soak

package soak

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"strings"
	"time"

	gomilter "github.com/emersion/go-milter"
)

// maxWait bounds every exchange with a relay.
const maxWait = 20 * time.Second

// mta plays Postfix's side of a milter connection.
type mta struct {
	conn net.Conn
	in   *bufio.Reader
}

func packet(code gomilter.Code, payload string) []byte {
	b := binary.BigEndian.AppendUint32(nil, uint32(1+len(payload)))
	return append(append(b, byte(code)), payload...)
}

func dial(socket string) (*mta, error) {
	conn, err := net.DialTimeout("unix", socket, maxWait)
	if err != nil {
		return nil, err
	}
	m := &mta{conn: conn, in: bufio.NewReader(conn)}
	if _, err := m.ask(packet(gomilter.CodeOptNeg, "\x00\x00\x00\x06\x00\x00\x01\xff\x00\x1f\xff\xff")); err != nil {
		_ = conn.Close()
		return nil, err
	}
	return m, nil
}

// ask writes packets, the last of which is answered.
func (m *mta) ask(packets []byte) ([]byte, error) {
	if err := m.conn.SetDeadline(time.Now().Add(maxWait)); err != nil {
		return nil, err
	}
	if _, err := m.conn.Write(packets); err != nil {
		return nil, err
	}
	var length [4]byte
	if _, err := io.ReadFull(m.in, length[:]); err != nil {
		return nil, err
	}
	answer := make([]byte, binary.BigEndian.Uint32(length[:]))
	_, err := io.ReadFull(m.in, answer)
	return answer, err
}

// reply is the SMTP reply that a milter's answer asks for; "" to go on.
func reply(answer []byte, err error) (string, error) {
	switch {
	case err != nil:
		return "", err
	case string(answer) == string(rune(gomilter.ActContinue)):
		return "", nil
	case len(answer) > 1 && answer[0] == byte(gomilter.ActReplyCode):
		return strings.TrimRight(string(answer[1:]), "\x00"), nil
	}
	return "", fmt.Errorf("the milter answers %q", answer)
}

// envelope writes a message up to DATA; every person is another recipient. No
// answer is awaited but the one to DATA.
func envelope(login string, people []int) []byte {
	b := packet(gomilter.CodeMacro, "M{auth_authen}\x00"+login+"\x00")
	b = append(b, packet(gomilter.CodeMail, "<"+login+"@example.org>\x00")...)
	for _, p := range people {
		b = append(b, packet(gomilter.CodeMacro, fmt.Sprintf("R{rcpt_addr}\x00r%d@example.org\x00", p))...)
		b = append(b, packet(gomilter.CodeRcpt, fmt.Sprintf("<r%d@example.org>\x00", p))...)
	}
	b = append(b, packet(gomilter.CodeMacro, "Ti\x004F1\x00")...)
	return append(b, packet(gomilter.CodeData, "")...)
}

// data shows a message up to DATA.
func (m *mta) data(login string, people []int) (string, error) {
	return reply(m.ask(envelope(login, people)))
}

// end shows the end of the message.
func (m *mta) end() (string, error) {
	return reply(m.ask(append(packet(gomilter.CodeMacro, "Ei\x004F1\x00"), packet(gomilter.CodeEOB, "")...)))
}

// abort ends a message that went or did not go. There is no answer to it.
func (m *mta) abort() error {
	_, err := m.conn.Write(packet(gomilter.CodeAbort, ""))
	return err
}
