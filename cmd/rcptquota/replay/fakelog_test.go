package replay

import (
	"bufio"
	"container/heap"
	"fmt"
	"io"
	"time"
)

// fakeLog writes a mail log as Postfix does. What it is told to write at some time comes
// out, in the order of time, once flush is called with a later one.
type fakeLog struct {
	out     *bufio.Writer
	waiting fakeLines
	n       int
	// short makes traditional stamps instead of RFC 3339's.
	short bool
}

func newFakeLog(w io.Writer) *fakeLog { return &fakeLog{out: bufio.NewWriterSize(w, 1<<20)} }

type fakeLine struct {
	at   time.Time
	n    int
	text string
}

type fakeLines []fakeLine

func (l fakeLines) Len() int { return len(l) }
func (l fakeLines) Less(i, j int) bool {
	return l[i].at.Before(l[j].at) || l[i].at.Equal(l[j].at) && l[i].n < l[j].n
}
func (l fakeLines) Swap(i, j int) { l[i], l[j] = l[j], l[i] }
func (l *fakeLines) Push(x any)   { *l = append(*l, x.(fakeLine)) }
func (l *fakeLines) Pop() any {
	old := *l
	x := old[len(old)-1]
	*l = old[:len(old)-1]
	return x
}

// say writes a line of a host's process, "postfix/smtpd[1]", at a time.
func (l *fakeLog) say(at time.Time, host, tag, format string, args ...any) {
	l.n++
	layout := "2006-01-02T15:04:05.000000-07:00"
	if l.short {
		layout = time.Stamp
	}
	heap.Push(&l.waiting, fakeLine{at, l.n, fmt.Sprintf("%s %s %s: %s\n", at.Format(layout), host, tag, fmt.Sprintf(format, args...))})
}

// flush writes all lines up to a time.
func (l *fakeLog) flush(until time.Time) error {
	for len(l.waiting) > 0 && !l.waiting[0].at.After(until) {
		if _, err := l.out.WriteString(heap.Pop(&l.waiting).(fakeLine).text); err != nil {
			return err
		}
	}
	return nil
}

// finish writes what is left.
func (l *fakeLog) finish() error {
	if err := l.flush(time.Unix(1<<40, 0)); err != nil {
		return err
	}
	return l.out.Flush()
}

// fakeMessage is a message as a mail log tells it.
type fakeMessage struct {
	id, login, from string
	host, smtpd     string // "postfix/submission/smtpd[7]"
	instance        string // of the queue manager
	at              time.Time
	// deliveries are "to" or "to orig_to"; nrcpt is the number in the queue; 0: as many.
	deliveries []string
	nrcpt      int
	// rcpts is how many RCPT commands the end of the session tells: -1: nothing is told, as
	// by an old Postfix; 0: as many as deliveries.
	rcpts int
	// goesOn leaves the session open; continues is a further message of an open one.
	goesOn, continues bool
}

const fakeClient = "client.test[192.0.2.1]"

// message writes what is logged of a message whose DATA comes at m.at.
func (l *fakeLog) message(m *fakeMessage) {
	second := func(n int) time.Time { return m.at.Add(time.Duration(n) * time.Second) }
	queue := func(daemon string) string { return m.instance + "/" + daemon + "[4]" }
	if !m.continues {
		l.say(second(-2), m.host, m.smtpd, "connect from %s", fakeClient)
	}
	sasl := ""
	if m.login != "" {
		sasl = ", sasl_method=PLAIN, sasl_username=" + m.login
	}
	l.say(second(-1), m.host, m.smtpd, "%s: client=%s%s", m.id, fakeClient, sasl)
	l.say(second(0), m.host, queue("cleanup"), "%s: message-id=<%s@client.test>", m.id, m.id)
	nrcpt := m.nrcpt
	if nrcpt == 0 {
		nrcpt = len(m.deliveries)
	}
	l.say(second(0), m.host, queue("qmgr"), "%s: from=<%s>, size=1234, nrcpt=%d (queue active)", m.id, m.from, nrcpt)
	for i, d := range m.deliveries {
		var to, original string
		if n, _ := fmt.Sscan(d, &to, &original); n == 2 {
			original = " orig_to=<" + original + ">,"
		}
		l.say(second(1+i/100), m.host, queue("smtp"), "%s: to=<%s>,%s relay=mx.test[192.0.2.2]:25, delay=1.2, delays=0.1/0/0.5/0.6, dsn=2.0.0, status=sent (250 2.0.0 Ok)",
			m.id, to, original)
	}
	l.say(second(2+len(m.deliveries)/100), m.host, queue("qmgr"), "%s: removed", m.id)
	if m.goesOn {
		return
	}
	rcpts := ""
	switch {
	case m.rcpts > 0:
		rcpts = fmt.Sprintf(" ehlo=1 auth=1 mail=1 rcpt=%d data=1 quit=1 commands=9", m.rcpts)
	case m.rcpts == 0:
		rcpts = fmt.Sprintf(" ehlo=1 auth=1 mail=1 rcpt=%d data=1 quit=1 commands=9", len(m.deliveries))
	}
	l.say(second(1), m.host, m.smtpd, "disconnect from %s%s", fakeClient, rcpts)
}
