package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/rcptquota/rcptquota/cmd/rcptquota/service"
	"github.com/rcptquota/rcptquota/cmd/rcptquota/term"
	"github.com/rcptquota/rcptquota/quota"
)

// explainView writes an explanation for people to read.
type explainView struct {
	*term.Printer
	now time.Time
}

func newExplainView(out io.Writer) *explainView { return &explainView{term.New(out), time.Now()} }

// timeLayout is how times are written for people.
const timeLayout = "Mon 2006-01-02 15:04:05 MST"

func (v *explainView) show(e *service.Explanation) {
	if len(e.Messages) > 1 {
		v.Line("%d messages had the reference %s; the newest first.", len(e.Messages), e.Reference)
	}
	for i := range e.Messages {
		if i > 0 {
			v.Blank()
		}
		v.message(&e.Messages[i])
	}
}

// became say what became of a message.
var became = map[string]string{
	quota.Refuse.String():      "was refused",
	quota.Defer.String():       "was deferred",
	quota.Redirect.String():    "was redirected",
	quota.Hold.String():        "was accepted, and put on hold",
	quota.WouldRefuse.String(): "went on, but would be refused if rules were enforced",
}

func (v *explainView) message(m *service.Explained) {
	v.Line("%s %s on %s on %s (%s ago).", m.QueueID, became[m.Action], m.Relay, m.Time.Local().Format(timeLayout), age(v.now.Sub(m.Time)))
	line := func(name, format string, args ...any) { v.Line("  %-9s %s", name, fmt.Sprintf(format, args...)) }
	line("why", "%s: %s", m.Reason, m.Rule)
	if m.Sender != "" {
		line("sender", "%s%s", m.Sender, v.about(m))
	}
	line("to", "%s%s", term.Count(m.Recipients, "recipient", "recipients"), prefixed(", the list ", m.List))
	if m.Client.IsValid() {
		line("from", "%v, role %s", m.Client, m.Role)
	}
	if m.Reply != "" {
		line("reply", "%s", m.Reply)
	}
	if !m.RetryAt.IsZero() && !m.Now.Passes {
		line("free", "from %s on", m.RetryAt.Local().Format(timeLayout))
	}
	if n := m.Unrecorded.Messages; n > 0 {
		line("before", "%s of the same sender, for the same reason, without records of their own", term.Count(n, "message", "messages"))
	}
	line("now", "%s", v.nowInWords(&m.Now))
}

// about says what is known of the sender of a message.
func (v *explainView) about(m *service.Explained) string {
	text := prefixed(", class ", m.Class)
	if m.Premium {
		text += ", premium"
	}
	if m.Unknown {
		text += ", without an entry in the directory"
	}
	if m.Degraded {
		text += "; the directory or the store was away"
	}
	return text
}

func (v *explainView) nowInWords(n *service.Now) string {
	switch {
	case n.Action == "":
		return "whether it would pass is not known: " + n.Note
	case n.Passes && n.Rule == "":
		return "it would pass" + prefixed(", ", limitInWords(n)) + noteInWords(n)
	case n.Action == quota.Hold.String():
		return "it would be put on hold: " + n.Rule
	case n.Passes:
		return became[n.Action] + ": " + n.Rule
	}
	text := map[string]string{quota.Refuse.String(): "it would be refused", quota.Defer.String(): "it would be deferred"}[n.Action] + ": " + n.Rule
	if !n.RetryAt.IsZero() {
		text += "; it would pass from " + n.RetryAt.Local().Format(timeLayout) + " on"
	}
	return text + noteInWords(n)
}

// noteInWords says what the answer rests on.
func noteInWords(n *service.Now) string {
	if strings.HasPrefix(n.Note, "assuming ") {
		return " (" + n.Note + ")"
	}
	return prefixed("; ", n.Note)
}

func limitInWords(n *service.Now) string {
	if n.Limit == 0 {
		return ""
	}
	if n.Granted > 0 {
		return fmt.Sprintf("since one message may have %d recipients, of which %d are granted", n.Limit, n.Granted)
	}
	return fmt.Sprintf("since one message may have %d recipients", n.Limit)
}
