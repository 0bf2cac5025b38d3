//go:build servers

package test

import (
	"io"
	"net"
	"regexp"
	"strings"
	"testing"

	"github.com/emersion/go-smtp"
)

// startFilter serves a before-queue content filter (Postfix SMTPD_PROXY_README)
// and returns its address. It gives each message to the SMTP server at next, as
// the login that Postfix names in its own Received field
// (smtpd_sasl_authenticated_header), by XCLIENT; next answers for it.
func startFilter(t *testing.T, next func() string) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) {
		return &filterSession{next: next}, nil
	}))
	go func() { _ = server.Serve(ln) }()
	t.Cleanup(func() { _ = server.Close() })
	return ln.Addr().String()
}

// filterSession is one connection from the smtpd before the filter.
type filterSession struct {
	next  func() string
	lines []string // MAIL and RCPT
}

// Reset implements [smtp.Session].
func (s *filterSession) Reset() { s.lines = nil }

// Logout implements [smtp.Session].
func (s *filterSession) Logout() error { return nil }

// Mail implements [smtp.Session].
func (s *filterSession) Mail(from string, _ *smtp.MailOptions) error {
	s.lines = append(s.lines, "MAIL FROM:<"+from+">")
	return nil
}

// Rcpt implements [smtp.Session].
func (s *filterSession) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.lines = append(s.lines, "RCPT TO:<"+to+">")
	return nil
}

// authenticated finds the login in the field that Postfix has put on top.
var authenticated = regexp.MustCompile(`\A(?:.+\r\n)(?:[ \t].*\r\n)*?[ \t]+\(Authenticated sender: ([^)]+)\)\r\n`)

// Data implements [smtp.Session].
func (s *filterSession) Data(r io.Reader) error {
	text, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	c, _, err := dialSMTP(s.next())
	if err != nil {
		return err
	}
	defer c.close()
	lines := []string{ehlo}
	if login := authenticated.FindSubmatch(text); login != nil {
		lines = append(lines, "XCLIENT LOGIN="+string(login[1]), ehlo)
	}
	lines = append(append(lines, s.lines...), "DATA", string(text)+".")
	for _, line := range lines {
		answer, err := c.command(strings.TrimSuffix(line, "\r\n"))
		if err != nil {
			return err
		}
		if answer.refused() {
			return &smtp.SMTPError{Code: answer.code, EnhancedCode: smtp.NoEnhancedCode, Message: answer.text}
		}
	}
	return nil
}
