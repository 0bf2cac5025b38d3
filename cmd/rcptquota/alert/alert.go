package alert

import (
	"fmt"
	"strings"
	"time"

	"github.com/rcptquota/rcptquota/quota/conf"
)

// Kind is what an alert is about.
type Kind int

const (
	// Refusal, the zero value: the first message of a sender that was refused, or
	// deferred because of a limit, in a day.
	Refusal Kind = iota
	// Window: a sender has used most of a window.
	Window
	// Degraded: the directory or Redis has been away for long.
	Degraded
	// Roster: the premium roster could not be brought up to date for long.
	Roster
	// Reload: a new configuration was not taken over because of a mistake.
	Reload
)

var kinds = []string{"refusal", "window", "degraded", "roster", "reload"}

// Kinds are all kinds, in their order.
func Kinds() []Kind { return []Kind{Refusal, Window, Degraded, Roster, Reload} }

// String returns the kind as the configuration, the log and the webhook write it.
func (k Kind) String() string {
	if k < 0 || int(k) >= len(kinds) {
		return "unknown"
	}
	return kinds[k]
}

// UnmarshalText implements [encoding.TextUnmarshaler].
func (k *Kind) UnmarshalText(text []byte) error {
	i, err := conf.Word(text, kinds...)
	*k = Kind(i)
	return err
}

// MarshalText implements [encoding.TextMarshaler].
func (k Kind) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// Alert is one thing that the administrator should know. As JSON, it is what a webhook
// gets. It does not change.
type Alert struct {
	Kind Kind `json:"kind"`
	// Over is true when a state that was told before has ended.
	Over bool      `json:"over,omitempty"`
	Time time.Time `json:"time"`
	// Relay is the hostname of the relay that raised it.
	Relay string `json:"relay,omitempty"`
	// Text says everything in one sentence.
	Text string `json:"text"`

	// QueueID is the reference that the sender may quote; for Refusal only.
	QueueID string `json:"queue_id,omitempty"`
	// Sender is the login, and the numbers are as in the log record; for Refusal and
	// Window only.
	Sender     string `json:"sender,omitempty"`
	Class      string `json:"class,omitempty"`
	Reason     string `json:"reason,omitempty"`
	Recipients int    `json:"recipients,omitempty"`
	Limit      int    `json:"limit,omitempty"`
	Used       int    `json:"used,omitempty"`
	Window     string `json:"window,omitempty"` // a period, as in "24h"

	// Problem is what is away, wrong or mistaken; for the other kinds.
	Problem string `json:"problem,omitempty"`

	// key is the same for alerts that are to be raised once, for as long as once.
	key  string
	once time.Duration
}

// attrs are the keys of the log record.
func (a *Alert) attrs() []any {
	// Log key "kind": of an alert: `refusal`, `window`, `degraded`, `roster`, `reload`
	attrs := []any{"kind", a.Kind.String()}
	text := func(key, value string) {
		if value != "" {
			attrs = append(attrs, key, value)
		}
	}
	number := func(key string, n int) {
		if n > 0 {
			attrs = append(attrs, key, n)
		}
	}
	if a.Over {
		// Log key "over": `true` if what an alert told before has ended
		attrs = append(attrs, "over", true)
	}
	text("queue_id", a.QueueID)
	text("sender", a.Sender)
	text("class", a.Class)
	text("reason", a.Reason)
	number("recipients", a.Recipients)
	number("limit", a.Limit)
	number("used", a.Used)
	text("window", a.Window)
	// Log key "problem": what an alert is about: what is away, wrong or mistaken
	text("problem", a.Problem)
	return attrs
}

// subject is the subject of a mail.
func (a *Alert) subject() string {
	return "rcptquota: " + map[Kind]string{
		Refusal:  "mail of " + shown(a.Sender) + " was refused",
		Window:   shown(a.Sender) + " is close to a limit",
		Degraded: endable("degraded", a.Over),
		Roster:   endable("the premium roster is not up to date", a.Over),
		Reload:   "the new configuration was not loaded",
	}[a.Kind]
}

func endable(state string, over bool) string {
	if over {
		return "no longer: " + state
	}
	return state
}

// body is the text of a mail: the sentence, then a line for each value.
func (a *Alert) body() string {
	var b strings.Builder
	b.WriteString(a.Text + "\n\n")
	line := func(name, value string) {
		if value != "" && value != "0" {
			fmt.Fprintf(&b, "%-12s%s\n", name+":", value)
		}
	}
	line("time", a.Time.Local().Format("2006-01-02 15:04:05 MST"))
	line("relay", a.Relay)
	line("reference", a.QueueID)
	line("sender", shown(a.Sender))
	line("class", a.Class)
	line("reason", a.Reason)
	line("recipients", fmt.Sprint(a.Recipients))
	line("limit", fmt.Sprint(a.Limit))
	line("used", fmt.Sprint(a.Used))
	line("window", a.Window)
	return b.String()
}

// period is a window's length as the log writes it; empty for none.
func period(d time.Duration) string {
	if d == 0 {
		return ""
	}
	return conf.Duration{Duration: d}.String()
}
