package milter

import (
	"sync"

	"github.com/rcptquota/rcptquota/milter/reply"
)

// Rules are what messages are answered by. They belong together.
type Rules struct {
	// Policy decides, and ends the reservations of what it decided about.
	Policy Policy
	// Replies are what users read.
	Replies *reply.Replies
	// Needs are what these need of the MTA.
	Needs Needs
}

// inUse are rules with the messages that go by them. A message goes by the rules by which
// it began, whatever comes meanwhile: its reservation is at the counter of those.
type inUse struct {
	Rules
	messages int           // under way
	replaced bool          // no message begins by them any more
	over     chan struct{} // closed when they are replaced, and no message is under way
}

// ruleBook has the rules in force.
type ruleBook struct {
	mu  sync.Mutex
	now *inUse
}

func newRuleBook(rules Rules) *ruleBook {
	return &ruleBook{now: &inUse{Rules: rules, over: make(chan struct{})}}
}

// begin returns the rules for a message that begins. The caller ends it.
func (b *ruleBook) begin() *inUse {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.now.messages++
	return b.now
}

// end notes that a message has ended that began by rules; nil: there was none.
func (b *ruleBook) end(rules *inUse) {
	if rules == nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	rules.messages--
	rules.closeIfOver()
}

// replace has messages that begin from now on go by next. The channel is closed once the
// last message has ended that goes by the rules before.
func (b *ruleBook) replace(next Rules) (over <-chan struct{}) {
	b.mu.Lock()
	defer b.mu.Unlock()
	before := b.now
	b.now = &inUse{Rules: next, over: make(chan struct{})}
	before.replaced = true
	before.closeIfOver()
	return before.over
}

func (r *inUse) closeIfOver() {
	if r.replaced && r.messages == 0 {
		close(r.over)
	}
}

// needs are those of the rules for connections that begin now.
func (b *ruleBook) needs() Needs {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.now.Needs
}
