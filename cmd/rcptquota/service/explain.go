package service

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/rcptquota/rcptquota/cmd/rcptquota/control"
	"github.com/rcptquota/rcptquota/quota"
	"github.com/rcptquota/rcptquota/quota/history"
)

// Explanation explains a reference that a user quotes: all messages that had it, the
// newest first, since a relay uses one again after a while.
type Explanation struct {
	Reference string      `json:"reference"`
	Messages  []Explained `json:"messages"`
}

// Explained is what became of one message, and would now.
type Explained struct {
	history.Record
	// Rule is the rule that decided with its numbers, in one sentence.
	Rule string `json:"rule"`
	Now  Now    `json:"now"`
}

// Now is what would become of the same message now, as far as that can be known.
type Now struct {
	// Action and what follows are as in a decision record. Action is empty if it depends
	// on more than the record tells; Note then says on what.
	Action  string    `json:"action,omitempty"`
	Reason  string    `json:"reason,omitempty"`
	Limit   int       `json:"limit,omitempty"`
	Granted int       `json:"granted,omitempty"`
	Used    int       `json:"used,omitempty"`
	RetryAt time.Time `json:"retry_at,omitzero"`
	Reply   string    `json:"reply,omitempty"`
	// Passes is whether it would go on.
	Passes bool `json:"passes"`
	// Rule is as in Explained; Note says what the answer rests on.
	Rule string `json:"rule,omitempty"`
	Note string `json:"note,omitempty"`
}

// judgedAgain is how many messages of one reference, the newest, are judged again.
const judgedAgain = 5

// explainReference answers GET /explain/reference/{reference}.
func (s *Service) explainReference(r *http.Request) (*Explanation, error) {
	p := s.InForce()
	if err := p.History.kept(); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(r.Context(), explainTimeout)
	defer cancel()
	e := &Explanation{Reference: r.PathValue("reference")}
	records, err := p.History.Records.Find(ctx, e.Reference)
	if err != nil {
		return nil, unreadable(err)
	}
	if len(records) == 0 {
		return nil, control.Errorf(http.StatusNotFound, "no decision record has the reference %s: the message passed, or is older than %v ([history] keep), or its relay has another store, or its sender was stopped so often that not each message left a record",
			e.Reference, p.Config.History.Keep)
	}
	for i := range records {
		now := Now{Note: "only the newest messages of a reference are judged again"}
		if i < judgedAgain {
			now = p.now(ctx, &records[i])
		}
		e.Messages = append(e.Messages, Explained{records[i], ruleOf(&records[i]), now})
	}
	return e, nil
}

// kept returns an error if no decision records are kept.
func (h *History) kept() error {
	if h.Recorder == nil {
		return control.Errorf(http.StatusNotFound, `no decision records are kept: [history] keep is "0s"`)
	}
	return nil
}

func unreadable(err error) error {
	return control.Errorf(http.StatusServiceUnavailable, "decision records cannot be read: %v", err)
}

// byItself are the reasons that lie in the message itself, of which a record tells nothing.
var byItself = map[string]bool{
	quota.ListFrom.String(): true, quota.ListAutomatic.String(): true, quota.ListHeader.String(): true, quota.ListUnchecked.String(): true,
	quota.VisibleRecipients.String(): true,
}

// now judges the message of a record again, and counts nothing.
func (p *Parts) now(ctx context.Context, r *history.Record) Now {
	if byItself[r.Reason] {
		return Now{Note: "that depends on the message itself, of which nothing is kept"}
	}
	m := p.again(ctx, r)
	v := p.dryRun().Judge(ctx, m)
	again := history.Of(&v)
	n := Now{
		Action: again.Action, Reason: again.Reason, Limit: again.Limit, Granted: again.Granted, Used: again.Used, RetryAt: again.RetryAt,
		Passes: v.Action.Passes(), Rule: ruleOf(&again),
	}
	if !n.Passes {
		n.Reply = p.replies.Text(&v, r.QueueID)
	}
	switch {
	case v.Err != nil:
		n.Note = text(v.Err)
	case v.Ticket != quota.Ticket{} || v.Reason == quota.WindowLimit && !v.RetryAt.IsZero():
		n.Note = "assuming that all its recipients are new to the window"
	}
	return n
}

// again is a message like that of a record, as far as it tells: to as many recipients, or
// to the list that decided.
func (p *Parts) again(ctx context.Context, r *history.Record) *quota.Message {
	m := &quota.Message{Client: r.Client, Recipients: &quota.Recipients{}}
	if r.Role == quota.Inbound.String() {
		m.Role, m.EnvelopeSender = quota.Inbound, "somebody@invalid"
	} else {
		m.Login, m.EnvelopeSender = r.Sender, r.Sender
		if sender, err := p.Directory.Sender(ctx, r.Sender); err == nil && len(sender.Addresses) > 0 {
			m.EnvelopeSender = sender.Addresses[0]
		}
	}
	decidedByList := r.Reason == quota.ListPosting.String() || r.Reason == quota.DirectoryUnavailable.String()
	if decidedByList && strings.Index(r.List, "@") > 0 {
		m.Recipients.Add(r.List)
		return m
	}
	for i := range r.Recipients {
		m.Recipients.Add(fmt.Sprintf("r%d@explain.invalid", i))
	}
	return m
}
