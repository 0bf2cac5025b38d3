package alert

import (
	"fmt"
	"strings"
	"time"
)

// nextDigest is the first time after now that has the time of day of at, on the clock of
// this machine.
func nextDigest(now, at time.Time) time.Time {
	local := now.Local()
	for ahead := 0; ; ahead++ {
		next := time.Date(local.Year(), local.Month(), local.Day()+ahead, at.Hour(), at.Minute(), 0, 0, time.Local)
		if next.After(now) {
			return next
		}
	}
}

// Digest is what a webhook gets once a day, and instead of single alerts if there are too
// many of them.
type Digest struct {
	Kind   string    `json:"kind"` // "digest"; "more" if there are too many
	From   time.Time `json:"from"`
	Until  time.Time `json:"until"`
	Relay  string    `json:"relay,omitempty"`
	Text   string    `json:"text"`
	Alerts []Alert   `json:"alerts"`
}

// digestOf is the message that lists some alerts.
func digestOf(alerts []Alert, from, until time.Time, relay string) *Message {
	n := map[Kind]int{}
	for i := range alerts {
		n[alerts[i].Kind]++
	}
	text := fmt.Sprintf("%d alerts in the last 24 hours: %s.", len(alerts), perKind(n))
	if len(alerts) == 1 {
		text = fmt.Sprintf("1 alert in the last 24 hours: %s.", perKind(n))
	}
	m := listed(text, alerts, 0)
	m.JSON = Digest{Kind: "digest", From: from, Until: until, Relay: relay, Text: text, Alerts: alerts}
	return m
}

// perKind says how many alerts there are of each kind.
func perKind(n map[Kind]int) string {
	var counts []string
	for _, kind := range Kinds() {
		if n[kind] > 0 {
			counts = append(counts, fmt.Sprintf("%d %s", n[kind], kind))
		}
	}
	return strings.Join(counts, ", ")
}

// listed is the mail that lists alerts under a sentence; others are not listed.
func listed(text string, alerts []Alert, others int) *Message {
	var body strings.Builder
	body.WriteString(text + "\n\n")
	for i := range alerts {
		a := &alerts[i]
		fmt.Fprintf(&body, "%s  %s", a.Time.Local().Format("2006-01-02 15:04"), a.Text)
		if a.Relay != "" {
			fmt.Fprintf(&body, " (%s)", a.Relay)
		}
		body.WriteString("\n")
	}
	if others > 0 {
		fmt.Fprintf(&body, "\nThe log has %d others.\n", others)
	}
	return &Message{Subject: "rcptquota: " + strings.TrimSuffix(text, "."), Body: body.String()}
}
