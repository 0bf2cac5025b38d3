package alert

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"

	"github.com/wneessen/go-mail"
)

// mailer sends messages by SMTP (RFC 5321).
type mailer struct {
	host     string
	port     int
	from     string
	to       []string
	hostname string // in HELO, and in message ids
}

// newMailer makes the mailer of a valid configuration, on a relay of that name, which may
// be empty.
func newMailer(c *Config, relay string) *mailer {
	host, port, _ := c.smtp() // valid
	return &mailer{host: host, port: port, from: c.from(relay), to: c.MailTo, hostname: relay}
}

// send sends one message to all addresses. It is marked as automatic (RFC 3834), so that
// no out-of-office reply answers it.
func (m *mailer) send(ctx context.Context, message *Message) error {
	msg := mail.NewMsg(mail.WithNoDefaultUserAgent())
	if err := msg.From(m.from); err != nil {
		return fmt.Errorf("mail_from: %w", err)
	}
	if err := msg.To(m.to...); err != nil {
		return fmt.Errorf("mail_to: %w", err)
	}
	msg.Subject(message.Subject)
	msg.SetGenHeader("Auto-Submitted", "auto-generated")
	msg.SetDate()
	msg.SetBodyString(mail.TypeTextPlain, message.Body)
	options := []mail.Option{
		mail.WithPort(m.port), mail.WithTimeout(sendTimeout), mail.WithTLSPolicy(m.tlsPolicy()),
		mail.WithDialContextFunc(dialer(ctx)),
		mail.WithTLSConfig(&tls.Config{ServerName: m.host, MinVersion: tls.VersionTLS12}),
	}
	if m.hostname != "" {
		options = append(options, mail.WithHELO(m.hostname))
	}
	client, err := mail.NewClient(m.host, options...)
	if err != nil {
		return err
	}
	return client.DialAndSendWithContext(ctx, msg)
}

// dialer returns what connects to a server that is hung up on when ctx ends: go-mail itself
// looks at a context only while it connects.
func dialer(ctx context.Context) mail.DialContextFunc {
	return func(dialing context.Context, network, address string) (net.Conn, error) {
		conn, err := new(net.Dialer).DialContext(dialing, network, address)
		if err == nil {
			context.AfterFunc(ctx, func() { _ = conn.Close() })
		}
		return conn, err
	}
}

// tlsPolicy is none on this machine, whose Postfix often has a certificate of another
// name, and STARTTLS elsewhere.
func (m *mailer) tlsPolicy() mail.TLSPolicy {
	if ip := net.ParseIP(m.host); m.host == "localhost" || ip != nil && ip.IsLoopback() {
		return mail.NoTLS
	}
	return mail.TLSMandatory
}
