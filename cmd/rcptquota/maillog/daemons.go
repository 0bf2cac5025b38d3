package maillog

import (
	"bytes"
	"net/netip"
	"strconv"
)

// session reads smtpd's lines about a connection:
//
//	connect from host[192.0.2.1]
//	disconnect from host[192.0.2.1] ehlo=1 auth=1 mail=2 rcpt=3/4 data=2 quit=1 commands=9/10
func (e *Event) session(message []byte) {
	switch {
	case bytes.HasPrefix(message, []byte("connect from ")):
		e.Kind = Connected
	case bytes.HasPrefix(message, []byte("disconnect from ")):
		e.Kind = Disconnected
		e.Mails, e.RcptTos = accepted(message, " mail="), accepted(message, " rcpt=")
		if e.Mails >= 0 && e.RcptTos < 0 {
			e.RcptTos = 0
		}
	}
}

// accepted returns how many commands of a kind were accepted: those before the "/" of all,
// or all; -1 where they are not mentioned.
func accepted(message []byte, key string) int {
	i := bytes.LastIndex(message, []byte(key))
	if i < 0 {
		return -1
	}
	text := message[i+len(key):]
	if end := bytes.IndexAny(text, " /"); end >= 0 {
		text = text[:end]
	}
	n, err := strconv.Atoi(string(text))
	if err != nil || n < 0 {
		return -1
	}
	return n
}

// smtpd reads
//
//	client=host[192.0.2.1], sasl_method=PLAIN, sasl_username=mdurand, sasl_sender=…
//	milter-reject: DATA from host[192.0.2.1]: 550 5.5.3 …
func (e *Event) smtpd(text []byte) error {
	rest, ok := bytes.CutPrefix(text, []byte("client="))
	if !ok {
		e.rejection(text)
		return nil
	}
	e.Kind = Begun
	client := rest
	if end := bytes.Index(rest, []byte(", ")); end >= 0 {
		client, rest = rest[:end], rest[end:]
	} else {
		rest = nil
	}
	from := bytes.IndexByte(client, '[')
	to := bytes.LastIndexByte(client, ']')
	if from < 0 || to < from {
		return errLine
	}
	if addr, err := netip.ParseAddr(string(bytes.TrimPrefix(client[from+1:to], []byte("IPv6:")))); err == nil {
		e.Client = addr.Unmap()
	}
	const key = ", sasl_username="
	if _, after, ok0 := bytes.Cut(rest, []byte(key)); ok0 {
		e.Login = after
		for _, next := range []string{", sasl_sender=", ", orig_queue_id=", ", orig_client="} {
			if end := bytes.Index(e.Login, []byte(next)); end >= 0 {
				e.Login = e.Login[:end]
			}
		}
	}
	return nil
}

// rejection finds refusals that end a message. That of a recipient does not.
func (e *Event) rejection(text []byte) {
	for _, by := range []string{"milter-reject: ", "reject: "} {
		if rest, ok := bytes.CutPrefix(text, []byte(by)); ok {
			for _, stage := range []string{"DATA from ", "END-OF-MESSAGE from ", "header ", "body ", "mime-"} {
				if bytes.HasPrefix(rest, []byte(stage)) {
					e.Kind = Rejected
				}
			}
		}
	}
}

// cleanup reads
//
//	message-id=<x@y>
//	milter-reject: END-OF-MESSAGE from host[192.0.2.1]: 5.7.1 …
func (e *Event) cleanup(text []byte) {
	if bytes.HasPrefix(text, []byte("message-id=")) || bytes.HasPrefix(text, []byte("resent-message-id=")) {
		e.Kind = Header
		return
	}
	e.rejection(text)
}

// qmgr reads
//
//	from=<a@b>, size=1234, nrcpt=5 (queue active)
//	removed
//
// and deliveries that qmgr puts off itself.
func (e *Event) qmgr(text []byte) error {
	rest, ok := bytes.CutPrefix(text, []byte("from=<"))
	if !ok {
		return e.delivery(text)
	}
	const number = ", nrcpt="
	i := bytes.LastIndex(rest, []byte(number))
	if i < 0 { // such as "from=<a@b>, status=expired, returned to sender"
		return nil
	}
	end := bytes.LastIndex(rest[:i], []byte(">, "))
	if end < 0 {
		return errLine
	}
	count := rest[i+len(number):]
	if space := bytes.IndexByte(count, ' '); space >= 0 {
		count = count[:space]
	}
	n, err := strconv.Atoi(string(count))
	if err != nil || n < 0 || n > maxCount {
		return errLine
	}
	e.Kind, e.From, e.Recipients = Queued, rest[:end], n
	return nil
}

// maxCount bounds what a damaged line can claim.
const maxCount = 1_000_000

// delivery reads
//
//	to=<a@b>, orig_to=<c@d>, relay=…, delay=…, status=sent (…)
//	removed
func (e *Event) delivery(text []byte) error {
	if string(text) == "removed" {
		e.Kind = Removed
		return nil
	}
	rest, ok := bytes.CutPrefix(text, []byte("to=<"))
	if !ok || !bytes.Contains(rest, []byte(", status=")) {
		return nil
	}
	to, rest, ok := bytes.Cut(rest, []byte(">, "))
	if !ok {
		return errLine
	}
	e.Kind, e.To = Delivered, to
	if rest, ok = bytes.CutPrefix(rest, []byte("orig_to=<")); ok {
		if e.Original, _, ok = bytes.Cut(rest, []byte(">, ")); !ok {
			return errLine
		}
	}
	return nil
}
