package maillog

import (
	"net/netip"
	"time"
)

// Kind is what a line tells.
type Kind int

const (
	// Other is a line that does not matter here.
	Other Kind = iota
	// Connected: an SMTP client connected to smtpd.
	Connected
	// Begun: smtpd opened a queue file for a message, at its first good recipient.
	Begun
	// Header: cleanup saw the header; so the client's DATA was answered.
	Header
	// Rejected: a message was refused at DATA or at its end.
	Rejected
	// Queued: qmgr took the message up. That happens again for each further attempt.
	Queued
	// Delivered: a delivery was tried, whatever became of it.
	Delivered
	// Removed: nothing more will come of the message.
	Removed
	// Disconnected: the SMTP client left.
	Disconnected
)

// Event is a line of the log. Its texts are valid until the next event.
type Event struct {
	Kind Kind
	Time time.Time
	// Host is the machine that logged it.
	Host []byte
	// Tag is the process, as in "postfix/submission/smtpd[123]".
	Tag []byte
	// ID is the queue id; empty for a session.
	ID []byte

	// Client and Login are those of a message that begins. Client is the zero Addr where it
	// is not an IP address, and Login is empty without authentication.
	Client netip.Addr
	Login  []byte
	// From is the envelope sender of a queued message, and Recipients how many recipients
	// it has in the queue.
	From       []byte
	Recipients int
	// To is the recipient of a delivery, and Original the one before aliases were
	// expanded, or empty where that is the same.
	To, Original []byte
	// Mails and RcptTos are how many MAIL and RCPT commands of a session were accepted; -1
	// where the log does not say, as before Postfix 3.0.
	Mails, RcptTos int
}

// Instance returns the name of the Postfix instance, or what syslog_name of master.cf
// makes of it: "postfix" in "postfix/submission/smtpd[123]".
func (e *Event) Instance() []byte {
	for i, b := range e.Tag {
		if b == '/' {
			return e.Tag[:i]
		}
	}
	return nil
}
