package servers

import (
	"fmt"
	"io"
	"net"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/emersion/go-smtp"
)

// Sink is an SMTP server where mail ends: it keeps what it gets. A recipient
// whose name begins with "gone" is refused.
type Sink struct {
	// Address is where it accepts connections: "127.0.0.1:PORT".
	Address string

	mu         sync.Mutex
	deliveries []Delivery
}

// Delivery is one SMTP transaction that a Sink took.
type Delivery struct {
	From string   // of the envelope; empty for the null sender
	To   []string // of the envelope
	Text string   // header and body, each line ending with "\n"
}

// String is the delivery as SMTP has it: a line for each command, then the text.
func (d Delivery) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "MAIL FROM:<%s>\n", d.From)
	for _, to := range d.To {
		fmt.Fprintf(&b, "RCPT TO:<%s>\n", to)
	}
	return b.String() + d.Text
}

// StartSink starts a sink, which ends with the test.
func StartSink(t testing.TB) *Sink {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &Sink{Address: ln.Addr().String()}
	server := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) {
		return &sinkSession{sink: s}, nil
	}))
	server.Domain = "sink.test"
	go func() { _ = server.Serve(ln) }()
	t.Cleanup(func() { _ = server.Close() })
	return s
}

// Deliveries are the transactions since Forget, in their order.
func (s *Sink) Deliveries() []Delivery {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.deliveries)
}

// Forget begins anew.
func (s *Sink) Forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.deliveries = nil
}

// Grep returns those of Deliveries that match, as String tells them.
func (s *Sink) Grep(pattern *regexp.Regexp) []Delivery {
	return slices.DeleteFunc(s.Deliveries(), func(d Delivery) bool { return !pattern.MatchString(d.String()) })
}

// Await waits until at least count deliveries match.
func (s *Sink) Await(pattern *regexp.Regexp, count int) error {
	if Wait(func() bool { return len(s.Grep(pattern)) >= count }) {
		return nil
	}
	return fmt.Errorf("sink: %d of %d deliveries match %q after %v; there are:\n%v",
		len(s.Grep(pattern)), count, pattern, maxWait, s.Deliveries())
}

// sinkSession is one connection to a sink.
type sinkSession struct {
	sink *Sink
	now  Delivery
}

// Reset implements [smtp.Session].
func (s *sinkSession) Reset() { s.now = Delivery{} }

// Logout implements [smtp.Session].
func (s *sinkSession) Logout() error { return nil }

// Mail implements [smtp.Session].
func (s *sinkSession) Mail(from string, _ *smtp.MailOptions) error {
	s.now.From = from
	return nil
}

// Rcpt implements [smtp.Session].
func (s *sinkSession) Rcpt(to string, _ *smtp.RcptOptions) error {
	if strings.HasPrefix(to, "gone") {
		return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "No such mailbox"}
	}
	s.now.To = append(s.now.To, to)
	return nil
}

// Data implements [smtp.Session].
func (s *sinkSession) Data(r io.Reader) error {
	text, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	s.now.Text = strings.ReplaceAll(string(text), "\r\n", "\n")
	s.sink.mu.Lock()
	defer s.sink.mu.Unlock()
	s.sink.deliveries = append(s.sink.deliveries, s.now)
	return nil
}
