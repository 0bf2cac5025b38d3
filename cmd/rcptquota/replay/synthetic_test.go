package replay

import (
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"time"
)

// synthetic is a made-up log of many messages, of which is known what the rules of
// syntheticConfig would have said: by counting anew over all earlier messages, without
// anything that the program itself uses.
type synthetic struct {
	random   *rand.Rand
	messages int
	log      *fakeLog
	senders  []*syntheticSender
	answer   answer
}

// syntheticConfig are the rules: the domains of logins and envelope senders decide on the
// class.
const syntheticConfig = `
[class.student]
recipients = 40
[[class.student.window]]
per = "1h"
recipients = 60
[[class.student.window]]
per = "24h"
recipients = 200
count = "copies"
[class.staff]
recipients = 150
match = { domain = ["staff.test"] }
[class.other]
recipients = 1000
match = { domain = ["other.test"] }
[senders]
exempt_networks = ["198.51.100.0/24"]
`

// answer is what is known, as the names in --json.
type answer struct {
	messages, recipients, unauthenticated, rejected int
	stopped                                         Bounds
	perMessage, inWindows                           int
	bySender                                        map[string]*Totals
}

type syntheticSender struct {
	login, from, class string
	known              []string // whom they write to
	sent               []syntheticSent
	last               time.Time
}

// syntheticSent is a message that passed.
type syntheticSent struct {
	at         time.Time
	recipients []string
}

func newSynthetic(random *rand.Rand, messages int, w io.Writer) *synthetic {
	s := &synthetic{random: random, messages: messages, log: newFakeLog(w), answer: answer{bySender: map[string]*Totals{}}}
	for i := range max(20, messages/200) {
		sender := &syntheticSender{login: fmt.Sprintf("user%d", i), class: "student"}
		sender.from = sender.login + "@student.test"
		switch i % 10 {
		case 0:
			sender.class, sender.from = "staff", fmt.Sprintf("Person.%d@Staff.test", i)
		case 1:
			sender.class, sender.login = "staff", fmt.Sprintf("user%d@staff.test", i)
		case 2:
			sender.class, sender.from = "other", sender.login+"@other.test"
		}
		for n := range 120 {
			sender.known = append(sender.known, fmt.Sprintf("r%d.%d@x%d.test", i, n, n%7))
		}
		s.senders = append(s.senders, sender)
	}
	return s
}

// write writes the log.
func (s *synthetic) write(begin time.Time) error {
	at := begin
	for i := range s.messages {
		if s.random.IntN(3) > 0 {
			at = at.Add(time.Duration(s.random.IntN(12)) * time.Second)
		}
		if err := s.log.flush(at.Add(-10 * time.Second)); err != nil {
			return err
		}
		s.message(i, at)
	}
	return s.log.finish()
}

// message makes up a message, or something else that happens.
func (s *synthetic) message(i int, at time.Time) {
	sender := s.senders[s.random.IntN(len(s.senders))]
	if !sender.last.Before(at) { // whose order would not be known
		at = sender.last.Add(time.Second)
	}
	sender.last = at
	m := &fakeMessage{
		id: s.id(i), login: sender.login, from: sender.from, host: "relay1", instance: "postfix", at: at,
		smtpd: fmt.Sprintf("postfix/submission/smtpd[%d]", 1000+i%30000),
	}
	switch i % 11 {
	case 3:
		m.host, m.instance = "relay2", "postfix-out"
		m.smtpd = fmt.Sprintf("postfix-out/smtpd[%d]", 1000+i%30000)
	case 4:
		m.smtpd = fmt.Sprintf("submission/smtpd[%d]", 1000+i%30000)
	}
	switch s.random.IntN(20) {
	case 0:
		m.login = ""
		m.deliveries = []string{"local@student.test"}
		s.log.message(m)
		s.answer.unauthenticated++
		return
	case 1:
		s.refusedThen(m)
		return
	}
	recipients := s.recipients(sender)
	for _, name := range recipients {
		s.deliver(m, name)
	}
	if m.rcpts = len(recipients); s.random.IntN(4) == 0 {
		m.rcpts = -1
	}
	s.log.message(m)
	s.judge(sender, at, recipients)
}

// id makes short queue ids that are used again, and long ones.
func (s *synthetic) id(i int) string {
	if i%2 == 0 {
		return fmt.Sprintf("%010X", 0xA000000000+i%50000)
	}
	return "4Fxy" + strings.NewReplacer("a", "z", "e", "y", "i", "x", "o", "w", "u", "v").Replace(fmt.Sprintf("%010d", i)) + "z"
}

// recipients makes up whom a sender writes to: mostly few, sometimes nearly all.
func (s *synthetic) recipients(sender *syntheticSender) []string {
	n := 1 + s.random.IntN(4)
	switch s.random.IntN(20) {
	case 0:
		n = 20 + s.random.IntN(30)
	case 1:
		if s.random.IntN(4) == 0 {
			n = 100 + s.random.IntN(20)
		}
	}
	first := s.random.IntN(len(sender.known))
	var names []string
	for i := range n {
		names = append(names, sender.known[(first+i)%len(sender.known)])
	}
	return names
}

// deliver adds the deliveries of a recipient: one, or those of an alias, some tried twice.
func (s *synthetic) deliver(m *fakeMessage, name string) {
	if s.random.IntN(50) == 0 {
		m.deliveries = append(m.deliveries, "a@expanded.test "+name, "b@expanded.test "+name)
		return
	}
	m.deliveries = append(m.deliveries, name)
}

// refusedThen is a message that was refused at DATA or at its end.
func (s *synthetic) refusedThen(m *fakeMessage) {
	second := func(n int) time.Time { return m.at.Add(time.Duration(n) * time.Second) }
	s.log.say(second(-2), m.host, m.smtpd, "connect from %s", fakeClient)
	s.log.say(second(-1), m.host, m.smtpd, "%s: client=%s, sasl_method=PLAIN, sasl_username=%s", m.id, fakeClient, m.login)
	if s.random.IntN(2) == 0 {
		s.log.say(second(0), m.host, m.smtpd, "%s: milter-reject: DATA from %s: 550 5.5.3 too many; from=<%s>", m.id, fakeClient, m.from)
	} else {
		s.log.say(second(0), m.host, m.instance+"/cleanup[4]", "%s: message-id=<x@y>", m.id)
		s.log.say(second(0), m.host, m.instance+"/cleanup[4]", "%s: milter-reject: END-OF-MESSAGE from %s: 5.7.1 virus; from=<%s>", m.id, fakeClient, m.from)
	}
	s.log.say(second(1), m.host, m.smtpd, "disconnect from %s ehlo=1 auth=1 mail=1 rcpt=1 data=0/1 quit=1 commands=4/5", fakeClient)
	s.answer.rejected++
}

// judge counts anew what a sender reached.
func (s *synthetic) judge(sender *syntheticSender, at time.Time, recipients []string) {
	a := &s.answer
	a.messages++
	a.recipients += len(recipients)
	login := strings.ToLower(sender.login)
	t := a.bySender[login]
	if t == nil {
		t = &Totals{Class: sender.class}
		a.bySender[login] = t
	}
	t.Messages++
	t.Largest = max(t.Largest, len(recipients))
	stop := func(by *int) {
		*by++
		for _, b := range []*Bounds{&t.Stopped, &a.stopped} {
			b.Least++
			b.Most++
		}
	}
	limit := map[string]int{"student": 40, "staff": 150, "other": 1000}[sender.class]
	if len(recipients) > limit {
		stop(&a.perMessage)
		return
	}
	if sender.class != "student" {
		return
	}
	distinct, copies := map[string]bool{}, len(recipients)
	for _, r := range recipients {
		distinct[r] = true
	}
	kept := sender.sent[:0]
	for _, sent := range sender.sent {
		age := at.Sub(sent.at)
		if age >= 24*time.Hour {
			continue
		}
		kept = append(kept, sent)
		copies += len(sent.recipients)
		if age < time.Hour {
			for _, r := range sent.recipients {
				distinct[r] = true
			}
		}
	}
	sender.sent = kept
	if len(distinct) > 60 || copies > 200 {
		stop(&a.inWindows)
		return
	}
	sender.sent = append(sender.sent, syntheticSent{at, recipients})
}
