package milter

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"time"

	gomilter "github.com/emersion/go-milter"
)

// probeTimeout bounds each write and each wait for a reply of a probe.
const probeTimeout = 30 * time.Second

// Probe is one message shown to a milter as Postfix would show it.
type Probe struct {
	// Client is the SMTP client's address.
	Client netip.Addr
	// Login is the SASL login; empty: not authenticated.
	Login string
	// From is the envelope sender.
	From string
	// Recipients are the envelope's recipients.
	Recipients []string
	// QueueID is the reference that replies quote.
	QueueID string
	// UntilData gives the message up after DATA; if it passes, it is then neither
	// counted nor logged. Otherwise the message goes on to its end.
	UntilData bool
}

// Run connects to the milter at address ("unix:/path" or "inet:host:port"),
// plays the conversation, and returns the SMTP reply that the milter asks for:
// the refusal as a mail user would read it, or "" when the message passes.
func (p *Probe) Run(address string) (reply string, err error) {
	outcome, err := p.Play(address)
	return outcome.Reply, err
}

// Outcome is what becomes of a probe's message.
type Outcome struct {
	// Reply is the SMTP reply of a refusal, as [Probe.Run] returns it.
	Reply string
	// Held is whether the message passes, and is put on hold.
	Held bool
}

// Play is [Probe.Run], and tells whether a message that passes is put on hold. Only the end
// of the message says so.
func (p *Probe) Play(address string) (outcome Outcome, err error) {
	network, rest, err := dialAddress(address)
	if err != nil {
		return Outcome{}, err
	}
	client := gomilter.NewClientWithOptions(network, rest, gomilter.ClientOptions{
		Dialer:       dataDialer{},
		ReadTimeout:  probeTimeout,
		WriteTimeout: probeTimeout,
		ActionMask:   ^gomilter.OptAction(0) &^ gomilter.OptSetSymList, // we send the usual macros
		ProtocolMask: ^gomilter.OptProtocol(0),
	})
	session, err := client.Session()
	if err != nil {
		return Outcome{}, err
	}
	defer func() { err = errors.Join(err, session.Close()) }()
	action, changes, err := p.converse(session)
	if err != nil {
		return Outcome{}, err
	}
	held := slices.ContainsFunc(changes, func(c gomilter.ModifyAction) bool { return c.Code == gomilter.ActQuarantine })
	return Outcome{smtpReply(action), held}, nil
}

// converse plays the events in Postfix's order until the milter objects. It returns what the
// milter changes at the end.
func (p *Probe) converse(s *gomilter.ClientSession) (action *gomilter.Action, changes []gomilter.ModifyAction, err error) {
	macros := func(code gomilter.Code, kv ...string) func() (*gomilter.Action, error) {
		return func() (*gomilter.Action, error) { return goOn, s.Macros(code, kv...) }
	}
	steps := []func() (*gomilter.Action, error){
		func() (*gomilter.Action, error) { return p.connect(s) },
		func() (*gomilter.Action, error) { return s.Helo("probe.invalid") },
		macros(gomilter.CodeMail, p.mailMacros()...),
		func() (*gomilter.Action, error) { return s.Mail(p.From, nil) },
	}
	for _, rcpt := range p.Recipients {
		steps = append(steps,
			macros(gomilter.CodeRcpt, macroRecipient, rcpt),
			func() (*gomilter.Action, error) { return s.Rcpt(rcpt, nil) })
	}
	steps = append(steps,
		macros(gomilter.CodeData, macroQueueID, p.QueueID),
		func() (*gomilter.Action, error) { return data(s) })
	if !p.UntilData {
		steps = append(steps,
			func() (*gomilter.Action, error) { return s.HeaderField("From", p.From) },
			macros(gomilter.CodeEOB, macroQueueID, p.QueueID),
			func() (*gomilter.Action, error) { changes, action, err = s.End(); return action, err })
	}
	for _, step := range steps {
		if action, err = step(); err != nil || action.Code != gomilter.ActContinue {
			return action, changes, err
		}
	}
	return goOn, changes, nil
}

var goOn = &gomilter.Action{Code: gomilter.ActContinue}

func (p *Probe) connect(s *gomilter.ClientSession) (*gomilter.Action, error) {
	family := gomilter.FamilyInet
	if p.Client.Is6() {
		family = gomilter.FamilyInet6
	}
	return s.Conn("probe.invalid", family, 0, p.Client.String())
}

func (p *Probe) mailMacros() []string {
	if p.Login == "" {
		return []string{macroSender, p.From}
	}
	return []string{"{auth_type}", "PLAIN", macroLogin, p.Login, macroSender, p.From}
}

// data shows DATA, which the library's client lacks: its end of headers,
// rewritten on the way (see dataConn).
func data(s *gomilter.ClientSession) (*gomilter.Action, error) {
	if s.ProtocolOption(gomilter.OptNoData) {
		return goOn, nil
	}
	asked := s.ProtocolOpts
	s.ProtocolOpts &^= gomilter.OptNoEOH
	defer func() { s.ProtocolOpts = asked }()
	return s.HeaderEnd()
}

// smtpReply is what Postfix would tell the SMTP client.
func smtpReply(a *gomilter.Action) string {
	switch a.Code {
	case gomilter.ActReplyCode:
		return fmt.Sprintf("%d %s", a.SMTPCode, strings.ReplaceAll(a.SMTPText, "%%", "%"))
	case gomilter.ActReject:
		return "550 5.7.1 Command rejected"
	case gomilter.ActTempFail:
		return "451 4.7.1 Service unavailable - try again later"
	}
	return ""
}

// dialAddress splits an address as Postfix and [ListenConfig] write it.
func dialAddress(address string) (network, rest string, err error) {
	scheme, rest, _ := strings.Cut(address, ":")
	switch scheme {
	case "unix":
		return "unix", rest, nil
	case "inet":
		return "tcp", rest, nil
	}
	return "", "", fmt.Errorf(`%q is no address; write "unix:/path" or "inet:host:port"`, address)
}

// dataDialer dials connections on which the end of headers is DATA.
type dataDialer struct{ net.Dialer }

// Dial implements [gomilter.Dialer].
func (d dataDialer) Dial(network, address string) (net.Conn, error) {
	d.Timeout = probeTimeout
	conn, err := d.Dialer.Dial(network, address)
	return dataConn{conn}, err
}

type dataConn struct{ net.Conn }

// Write implements [io.Writer]; the client writes each packet whole.
func (c dataConn) Write(packet []byte) (int, error) {
	if len(packet) == headSize && gomilter.Code(packet[lengthSize]) == gomilter.CodeEOH {
		packet = slices.Clone(packet)
		packet[lengthSize] = byte(gomilter.CodeData)
	}
	return c.Conn.Write(packet)
}
