//go:build servers && bench

package bench

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"net"
	"net/textproto"
	"strings"
)

// client is an SMTP client that costs little beside the server: it pipelines
// (RFC 2920) each envelope in one write.
type client struct {
	conn net.Conn
	text *textproto.Conn
}

// dial connects, and logs in as one of many senders: those of one sender wait for each other.
func dial(address string, sender int) (*client, error) {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return nil, err
	}
	c := &client{conn: conn, text: textproto.NewConn(conn)}
	if _, _, err := c.text.ReadResponse(220); err != nil {
		return nil, err
	}
	if err := c.command("EHLO bench.example.org", 250); err != nil {
		return nil, err
	}
	return c, c.command("AUTH PLAIN "+base64.StdEncoding.EncodeToString(fmt.Appendf(nil, "\x00sender%d\x00password", sender)), 235)
}

func (c *client) command(line string, code int) error {
	if err := c.text.PrintfLine("%s", line); err != nil {
		return err
	}
	_, _, err := c.text.ReadResponse(code)
	return err
}

// message is what a client sends: the commands up to DATA, and the text.
type message struct {
	envelope []byte
	text     string
}

// smtpMessage is to so many recipients, and shows them in To.
func smtpMessage(recipients int) message {
	var b bytes.Buffer
	to := make([]string, recipients)
	b.WriteString("MAIL FROM:<anne@example.org>\r\n")
	for i := range recipients {
		fmt.Fprintf(&b, "RCPT TO:<recipient%d@example.org>\r\n", i)
		to[i] = fmt.Sprintf("\"Parent, %d\" <recipient%d@example.org>", i, i)
	}
	b.WriteString("DATA\r\n")
	return message{b.Bytes(), "Subject: bench\r\nTo: " + strings.Join(to, ",\r\n ") + "\r\n\r\nbody\r\n."}
}

// send sends one message, command by command, as mail programs do.
func (c *client) send(m message) error {
	for line := range bytes.Lines(m.envelope) {
		if _, err := c.conn.Write(line); err != nil {
			return err
		}
		if _, _, err := c.text.ReadResponse(0); err != nil {
			return err
		}
	}
	return c.command(m.text, 250)
}
