package replay

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/rcptquota/rcptquota/cmd/rcptquota/bounded"
	"github.com/rcptquota/rcptquota/cmd/rcptquota/maillog"
	"github.com/rcptquota/rcptquota/quota"
	"github.com/rcptquota/rcptquota/quota/conf"
)

// maxNames is how many senders, days and rules are counted each for itself.
const maxNames = 100_000

// Bounds are the least and the most that a number may be.
type Bounds struct {
	Least int `json:"least"`
	Most  int `json:"most"`
}

// String writes one number where both are the same.
func (b Bounds) String() string {
	if b.Least == b.Most {
		return fmt.Sprint(b.Least)
	}
	return fmt.Sprintf("%d–%d", b.Least, b.Most)
}

// Totals are the numbers of a group of messages.
type Totals struct {
	Messages int `json:"messages"`
	// Stopped is how many would have been refused or deferred.
	Stopped Bounds `json:"stopped"`
	// Largest is the most recipients that one message may have.
	Largest int `json:"largest"`
	// Class is that of the newest message; of senders only.
	Class string `json:"class,omitempty"`
}

func (t *Totals) add(o *outcome) {
	t.Messages++
	t.Largest = max(t.Largest, o.most)
	if o.stopped {
		t.Stopped.Most++
		if o.sure {
			t.Stopped.Least++
		}
	}
}

func byStopped(a, b *Totals) int {
	return cmp.Or(cmp.Compare(a.Stopped.Least, b.Stopped.Least), cmp.Compare(a.Stopped.Most, b.Stopped.Most), cmp.Compare(a.Largest, b.Largest))
}

// sizes are the upper ends of the groups of messages by their recipients; the last group
// has no end.
var sizes = []int{1, 5, 10, 20, 50, 100, 150, 200, 500, 1000, 5000}

// Result is what a replay found.
type Result struct {
	First, Last time.Time
	Total       Totals
	Recipients  Bounds
	// Exact is how many messages' recipients are known by number.
	Exact int
	// Exempt is how many messages came from exempt networks.
	Exempt int
	// Degraded is how many messages were judged without the directory, which could not be
	// asked.
	Degraded int
	// Outside is how many messages are not between --since and --until. They count in the
	// windows of later ones.
	Outside int
	// BySize are the messages by their recipients, the most that they may have.
	BySize [12]int

	senders, classes, days, rules *bounded.Map[Totals]

	Fates
	Read maillog.Told

	location *time.Location // of the days
}

func newResult(location *time.Location) *Result {
	return &Result{
		location: location,
		senders:  bounded.New[Totals](maxNames), classes: bounded.New[Totals](maxNames),
		days: bounded.New[Totals](maxNames), rules: bounded.New[Totals](maxNames),
	}
}

// add counts a message.
func (r *Result) add(m *message, o *outcome) {
	if r.First.IsZero() || m.at.Before(r.First) {
		r.First = m.at
	}
	if m.at.After(r.Last) {
		r.Last = m.at
	}
	v := &o.verdict
	if v.Reason == quota.ExemptNetwork {
		r.Exempt++
	}
	if v.Degraded {
		r.Degraded++
	}
	r.Total.add(o)
	r.Recipients.Least += o.least
	r.Recipients.Most += o.most
	if o.least == o.most {
		r.Exact++
	}
	group := 0
	for group < len(sizes) && o.most > sizes[group] {
		group++
	}
	r.BySize[group]++
	sender := r.senders.At(strings.ToLower(v.Sender))
	sender.add(o)
	sender.Class = o.class
	r.classes.At(o.class).add(o)
	r.days.At(m.at.In(r.location).Format(time.DateOnly)).add(o)
	if o.stopped {
		r.rules.At(rule(v)).add(o)
	}
}

// rule names the rule of a verdict that stops a message.
func rule(v *quota.Verdict) string {
	switch v.Reason {
	case quota.MessageLimit:
		return fmt.Sprintf("%d recipients a message%s", v.Limit, of(v.Class))
	case quota.WindowLimit:
		return fmt.Sprintf("%d %s in %v%s", v.Limit, v.Window.Count, conf.Duration{Duration: v.Window.Per}, of(v.Class))
	default:
		return v.Reason.String() + of(v.Class)
	}
}

func of(class string) string {
	if class == "" {
		return ", in every class"
	}
	return ", class " + class
}
