package replay

import (
	"cmp"
	"context"
	"strings"
	"time"

	"github.com/rcptquota/rcptquota/quota"
	"github.com/rcptquota/rcptquota/quota/counter/local"
	"github.com/rcptquota/rcptquota/quota/mailaddr"
)

// forgetEvery is after how long, by the log's clock, senders are forgotten of whom no
// window holds anything any more.
const forgetEvery = time.Hour

// judge asks the rules about messages, with what the windows of their senders hold at least
// and at most. Make it with newJudge.
type judge struct {
	rules     *quota.Rules
	added     map[string]bool
	fromLog   *FromLog // nil with a real directory
	directory *remembering
	// least and most count what a sender surely reached, and what they may have reached.
	// As long as both are the same, only least has the sender.
	least, most             *local.Simulated
	leastPolicy, mostPolicy *quota.Policy
	forgotten               time.Time
}

// outcome is what would have become of a message.
type outcome struct {
	verdict quota.Verdict
	class   string // of the sender; a message above every class's limit has none in its verdict
	stopped bool   // it is refused or deferred, or would be
	sure    bool   // of that, one way or the other
	// recipients are how many count, at least and at most.
	least, most int
}

// newJudge makes a judge by compiled rules. The directory may be nil: then senders are
// known from the log alone.
func newJudge(rules *quota.Rules, directory quota.Directory, added []string) *judge {
	j := &judge{rules: rules, added: map[string]bool{}, least: local.NewSimulated()}
	for _, address := range added {
		j.added[mailaddr.RecipientKey(address)] = true
	}
	if directory == nil {
		j.fromLog = &FromLog{}
		directory = j.fromLog
	}
	j.directory = &remembering{Directory: directory}
	j.most = j.least.Twin()
	j.leastPolicy = quota.NewPolicy(rules, j.directory, j.least)
	j.mostPolicy = quota.NewPolicy(rules, j.directory, j.most)
	return j
}

// decide tells what would have become of a message.
func (j *judge) decide(ctx context.Context, m *message) outcome {
	o := j.outcome(ctx, m)
	o.class = o.verdict.Class
	if o.class == "" && o.verdict.Sender != "" {
		sender, err := j.directory.Sender(ctx, o.verdict.Sender)
		if err != nil {
			sender = quota.Sender{}
		}
		o.class = j.rules.ClassOf(o.verdict.Sender, &sender)
	}
	return o
}

func (j *judge) outcome(ctx context.Context, m *message) outcome {
	j.setTime(m.at)
	if j.fromLog != nil {
		j.fromLog.envelope = m.from
	}
	b := m.bounds(j.added)
	least := j.ask(ctx, j.leastPolicy, m, &b.least)
	o := outcome{verdict: least, stopped: stops(&least), least: min(max(b.least.Len(), 1), b.most.Len()), most: b.most.Len(), sure: true}
	if least.Degraded && o.stopped { // by a class that may not be the sender's
		o.sure = false
		return o
	}
	sender := cmp.Or(j.directory.id, strings.ToLower(least.Sender))
	forked := j.most.Has(sender)
	if b.exact && !forked || o.stopped {
		settle(ctx, j.leastPolicy, &least, true)
		return o
	}
	settle(ctx, j.leastPolicy, &least, false)
	if !forked {
		j.least.CopyTo(j.most, sender)
	}
	most := j.ask(ctx, j.mostPolicy, m, &b.most)
	if !stops(&most) { // it fits whatever is true, and counts
		settle(ctx, j.mostPolicy, &most, true)
		least = j.ask(ctx, j.leastPolicy, m, &b.least)
		settle(ctx, j.leastPolicy, &least, true)
		return o
	}
	most.Class = cmp.Or(most.Class, least.Class)
	o.verdict, o.stopped, o.sure = most, true, false
	if windows, keep := j.rules.WindowsOf(least.Class); len(windows) > 0 {
		j.most.Add(&quota.Reservation{
			Ticket: quota.Ticket{Sender: sender, ID: m.id}, Windows: windows, Keep: keep,
			Recipients: b.most.All(), N: b.most.Len(),
		})
	}
	return o
}

// ask asks the rules about a message to recipients.
func (j *judge) ask(ctx context.Context, policy *quota.Policy, m *message, recipients *quota.Recipients) quota.Verdict {
	j.directory.id = ""
	return policy.Judge(ctx, &quota.Message{
		Client: m.client, Login: m.login, EnvelopeSender: m.from, Recipients: recipients,
	})
}

// settle ends what a verdict reserved, if anything.
func settle(ctx context.Context, policy *quota.Policy, v *quota.Verdict, commit bool) {
	if v.Ticket != (quota.Ticket{}) {
		_ = policy.Settle(ctx, v.Ticket, commit) // in memory, it does not fail
	}
}

func (j *judge) setTime(now time.Time) {
	j.least.SetTime(now)
	j.most.SetTime(now)
	if now.Sub(j.forgotten) > forgetEvery {
		j.least.Forget()
		j.most.Forget()
		j.forgotten = now
	}
}

// stops reports whether a verdict would keep a message from its recipients, were the rules
// enforced.
func stops(v *quota.Verdict) bool { return v.Action != quota.Accept && v.Action != quota.Redirect }
