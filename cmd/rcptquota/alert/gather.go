package alert

import (
	"fmt"
	"time"

	"github.com/rcptquota/rcptquota/cmd/rcptquota/term"
)

const (
	// singleBurst is how many alerts about senders are sent each in a message of its own,
	// however fast they follow each other; after that, one in singleEvery is.
	singleBurst = 20
	singleEvery = 3 * time.Minute
	// gatherEvery is how often it is looked whether those that wait may be sent.
	gatherEvery = time.Minute
	// maxGathered is how many of them one message lists.
	maxGathered = 100
)

// gatherer keeps a storm of alerts about senders from becoming a storm of mails: what
// comes too fast is sent together. It is used by one goroutine.
type gatherer struct {
	full    time.Time // when singleBurst messages may be sent again
	since   time.Time // the time of the first that waits
	waiting []Alert
	n       map[Kind]int // how many wait, those included that are not listed
}

// take reports whether one more message may be sent at now, and counts it.
func (g *gatherer) take(now time.Time) bool {
	if g.full.Before(now) {
		g.full = now
	}
	if g.full.Sub(now) > (singleBurst-1)*singleEvery {
		return false
	}
	g.full = g.full.Add(singleEvery)
	return true
}

// single reports whether an alert is to be sent by itself. If not, it waits.
func (g *gatherer) single(a *Alert, now time.Time) bool {
	aboutSender := a.Kind == Refusal || a.Kind == Window
	if !aboutSender || len(g.n) == 0 && g.take(now) {
		return true
	}
	if len(g.n) == 0 {
		g.n, g.since = map[Kind]int{}, now
	}
	g.n[a.Kind]++
	if len(g.waiting) < maxGathered {
		g.waiting = append(g.waiting, *a)
	}
	return false
}

// due returns the message that lists what waits, if it may be sent at now; otherwise nil.
func (g *gatherer) due(now time.Time, relay string) *Message {
	if len(g.n) == 0 || !g.take(now) {
		return nil
	}
	all := 0
	for _, n := range g.n {
		all += n
	}
	text := fmt.Sprintf("%s since %s: %s.", term.Count(all, "more alert", "more alerts"), g.since.Local().Format("15:04"), perKind(g.n))
	m := listed(text, g.waiting, all-len(g.waiting))
	m.JSON = Digest{Kind: "more", From: g.since, Until: now, Relay: relay, Text: text, Alerts: g.waiting}
	g.waiting, g.n = nil, nil
	return m
}
