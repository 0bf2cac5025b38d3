package maillog

import (
	"bytes"
	"errors"
	"strings"

	"github.com/rcptquota/rcptquota/cmd/rcptquota/logfile"
)

var (
	errHost = errors.New("no host and program behind its time")
	errLine = errors.New("a line that Postfix writes otherwise")
)

// parse reads a line. The event's kind is Other for a line that does not matter. An error
// means that it is not a line of a log, or a damaged one of Postfix.
func (c *Clock) parse(line []byte, e *Event) error {
	*e = Event{Mails: -1, RcptTos: -1}
	var message []byte
	if logfile.IsJournal(line) {
		entry, err := logfile.ParseJournal(line)
		if err != nil {
			return err
		}
		e.Time, e.Host = entry.Time, []byte(entry.Host)
		e.Tag, message = []byte(entry.Identifier+"["+entry.PID+"]"), []byte(entry.Message)
	} else {
		var rest []byte
		var err error
		if e.Time, rest, err = c.stamp(line); err != nil {
			return err
		}
		host := bytes.IndexByte(rest, ' ')
		if host <= 0 {
			return errHost
		}
		e.Host, rest = rest[:host], rest[host+1:]
		before, after, ok := bytes.Cut(rest, []byte(": "))
		if !ok { // such as "last message repeated 2 times"
			return nil
		}
		e.Tag, message = before, after
	}
	return e.parseMessage(daemon(e.Tag), message)
}

// daemon returns the program of a process of Postfix: "smtpd" in
// "postfix/submission/smtpd[123]"; nil for another program.
func daemon(tag []byte) []byte {
	slash := bytes.LastIndexByte(tag, '/')
	bracket := bytes.LastIndexByte(tag, '[')
	if slash < 0 || bracket < slash {
		return nil
	}
	return tag[slash+1 : bracket]
}

// parseMessage reads what a daemon of Postfix says.
func (e *Event) parseMessage(daemon, message []byte) error {
	if daemon == nil {
		return nil
	}
	id, text := queueID(message)
	if id == nil {
		if string(daemon) == "smtpd" {
			e.session(message)
		}
		return nil
	}
	e.ID = id
	switch string(daemon) {
	case "smtpd":
		return e.smtpd(text)
	case "cleanup":
		e.cleanup(text)
		return nil
	case "qmgr":
		return e.qmgr(text)
	}
	return e.delivery(text)
}

// queueID cuts the queue id off a message; it is nil where there is none.
func queueID(message []byte) (id, text []byte) {
	colon := bytes.IndexByte(message, ':')
	if colon < 5 || colon > 32 || len(message) < colon+2 || message[colon+1] != ' ' {
		return nil, nil
	}
	id = message[:colon]
	if !isShort(id) && !isLong(id) {
		return nil, nil
	}
	return id, message[colon+2:]
}

// isShort reports whether an id is like those without enable_long_queue_ids: hexadecimal.
func isShort(id []byte) bool {
	for _, b := range id {
		if (b < '0' || b > '9') && (b < 'A' || b > 'F') {
			return false
		}
	}
	return true
}

// isLong reports whether an id is like those with enable_long_queue_ids: digits and
// letters without vowels.
func isLong(id []byte) bool {
	for _, b := range id {
		switch {
		case '0' <= b && b <= '9':
		case ('a' <= b && b <= 'z' || 'A' <= b && b <= 'Z') && !strings.ContainsRune("aeiouAEIOU", rune(b)):
		default:
			return false
		}
	}
	return true
}
