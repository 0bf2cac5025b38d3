//go:build servers

package test

import (
	"crypto/tls"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/textproto"
	"strings"
	"time"
)

// smtpPatience bounds one SMTP command; Postfix waits up to 10 s for the milter.
const smtpPatience = 30 * time.Second

// pipeline is how many commands travel before their replies are read (RFC 2920):
// few enough that neither side's socket buffer fills.
const pipeline = 100

// smtpConn is an SMTP client that says what it is told to, sense or nonsense.
type smtpConn struct {
	conn net.Conn
	text *textproto.Conn
}

// reply is one reply of the server: its code and, joined, its lines.
type reply struct {
	code int
	text string
}

// refused reports whether the reply is a 4xx or a 5xx.
func (r reply) refused() bool { return r.code >= 400 }

func (r reply) String() string { return fmt.Sprintf("%d %s", r.code, r.text) }

// dialSMTP connects and returns the greeting.
func dialSMTP(address string) (*smtpConn, reply, error) {
	conn, err := net.DialTimeout("tcp", address, smtpPatience)
	if err != nil {
		return nil, reply{}, err
	}
	return greeted(conn)
}

// dialSMTPS is dialSMTP with TLS from the first byte, to whatever certificate.
func dialSMTPS(address string) (*smtpConn, reply, error) {
	conn, err := tls.Dial("tcp", address, anyCertificate)
	if err != nil {
		return nil, reply{}, err
	}
	return greeted(conn)
}

func greeted(conn net.Conn) (*smtpConn, reply, error) {
	c := &smtpConn{conn: conn, text: textproto.NewConn(conn)}
	greeting, err := c.read()
	return c, greeting, err
}

var anyCertificate = &tls.Config{InsecureSkipVerify: true}

// startTLS goes on with TLS (RFC 3207), to whatever certificate.
func (c *smtpConn) startTLS() (reply, error) {
	r, err := c.command("STARTTLS")
	if err == nil && !r.refused() {
		c.conn = tls.Client(c.conn, anyCertificate)
		c.text = textproto.NewConn(c.conn)
	}
	return r, err
}

func (c *smtpConn) close() { _ = c.text.Close() }

// command says one line and returns the reply.
func (c *smtpConn) command(line string) (reply, error) {
	replies, err := c.commands([]string{line})
	if err != nil {
		return reply{}, err
	}
	return replies[0], nil
}

// commands says lines that may be pipelined and returns the reply to each.
func (c *smtpConn) commands(lines []string) ([]reply, error) {
	replies := make([]reply, 0, len(lines))
	for len(lines) > 0 {
		n := min(len(lines), pipeline)
		if err := c.write(strings.Join(lines[:n], "\r\n") + "\r\n"); err != nil {
			return replies, err
		}
		lines = lines[n:]
		for range n {
			r, err := c.read()
			if err != nil {
				return replies, err
			}
			replies = append(replies, r)
		}
	}
	return replies, nil
}

// login authenticates with AUTH PLAIN (RFC 4616); the password is whatever.
func (c *smtpConn) login(login string) (reply, error) {
	secret := base64.StdEncoding.EncodeToString([]byte("\x00" + login + "\x00secret"))
	return c.command("AUTH PLAIN " + secret)
}

func (c *smtpConn) write(s string) error {
	if err := c.conn.SetDeadline(time.Now().Add(smtpPatience)); err != nil {
		return err
	}
	_, err := io.WriteString(c.conn, s)
	return err
}

func (c *smtpConn) read() (reply, error) {
	if err := c.conn.SetDeadline(time.Now().Add(smtpPatience)); err != nil {
		return reply{}, err
	}
	code, text, err := c.text.ReadResponse(0)
	if code > 0 { // textproto calls the codes that it was not told to expect an error
		err = nil
	}
	return reply{code, strings.ReplaceAll(text, "\n", " | ")}, err
}
