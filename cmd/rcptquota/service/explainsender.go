package service

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/rcptquota/rcptquota/cmd/rcptquota/control"
	"github.com/rcptquota/rcptquota/quota"
	"github.com/rcptquota/rcptquota/quota/history"
)

// ExplainRequest asks what is known of a sender, and what would become of a message of
// theirs.
type ExplainRequest struct {
	Login string `json:"login"`
	// Recipients and Count, of made-up ones, are those of the message. Without any, there
	// is no verdict.
	Recipients []string `json:"recipients,omitempty"`
	Count      int      `json:"count,omitempty"`
	// From is the envelope sender; empty: the sender's first professional address.
	From string `json:"from,omitempty"`
}

// SenderExplanation is what decides on a sender's messages.
type SenderExplanation struct {
	Login     string          `json:"login"`
	Time      time.Time       `json:"time"`
	Directory DirectoryAnswer `json:"directory"`
	Class     ClassAnswer     `json:"class"`
	Premium   *PremiumAnswer  `json:"premium,omitempty"` // absent: premium senders have no class of their own
	Usage     SenderUsage     `json:"usage"`
	Grants    []history.Grant `json:"grants"`
	// GrantsProblem is why there may be other grants; empty if there are not.
	GrantsProblem string `json:"grants_problem,omitempty"`
	// Recipients are those in list domains; MoreRecipients is how many are not told.
	Recipients     []RecipientAnswer `json:"recipients,omitempty"`
	MoreRecipients int               `json:"more_recipients,omitempty"`
	Verdict        *VerdictAnswer    `json:"verdict,omitempty"` // absent: there is no message
}

// ClassAnswer is a sender's class, and why.
type ClassAnswer struct {
	Name string `json:"name"`
	// By is "default", "login", "premium", "domain" or "attribute"; Match is what matched.
	By      string `json:"by"`
	Match   string `json:"match,omitempty"`
	Enforce bool   `json:"enforce"`
	// Limit is that of one message, with what was Granted.
	Limit   int `json:"limit"`
	Granted int `json:"granted,omitempty"`
}

// VerdictAnswer is what such a message would get.
type VerdictAnswer struct {
	// Record has the action, the reason and the numbers, as a decision record would; its
	// reply has "{ref}" for the reference.
	history.Record
	// From is the envelope sender that was assumed.
	From   string `json:"from"`
	Passes bool   `json:"passes"`
	// Rule is the rule that decided, in one sentence; empty if none stops the message.
	Rule string `json:"rule,omitempty"`
	// Note is what the verdict rests on, where something is away.
	Note string `json:"note,omitempty"`
	// AtEnd is what remains to be checked and changed once the header is known.
	AtEnd []string `json:"at_end,omitempty"`
}

const (
	// explainTimeout bounds what the directory and the store may take, as for a message.
	explainTimeout = 10 * time.Second
	// mostCount is how many recipients a question may make up: as many as an envelope has
	// at most.
	mostCount = 2 * quota.MaxRecipients
	// mostLists is of how many recipients in list domains an explanation tells.
	mostLists = 100
	// mostLogin is the longest login, in bytes, as the milter's.
	mostLogin = 1024
	// reference stands for the queue id in a reply.
	reference = "{ref}"
)

// explainSender answers POST /explain/sender. It counts nothing, and logs nothing.
func (s *Service) explainSender(r *http.Request, in ExplainRequest) (*SenderExplanation, error) {
	ctx, cancel := context.WithTimeout(r.Context(), explainTimeout)
	defer cancel()
	if err := in.check(); err != nil {
		return nil, err
	}
	return s.InForce().explainSender(ctx, &in, time.Now()), nil
}

// check finds what no message has.
func (in *ExplainRequest) check() error {
	if err := checkLogin(in.Login); err != nil {
		return err
	}
	if in.Count < 0 || in.Count > mostCount {
		return control.Errorf(http.StatusBadRequest, "%d recipients cannot be explained; ask about 1 to %d", in.Count, mostCount)
	}
	for _, recipient := range in.Recipients {
		if i := strings.LastIndexByte(recipient, '@'); i < 1 || i == len(recipient)-1 {
			return control.Errorf(http.StatusBadRequest, "%q is not an address; write recipients as Postfix resolves them, as in \"anne@example.org\"", recipient)
		}
	}
	return nil
}

// checkLogin finds what Postfix hands on as no login.
func checkLogin(login string) error {
	if login == "" || len(login) > mostLogin {
		return control.Errorf(http.StatusBadRequest, "a login has 1 to %d bytes", mostLogin)
	}
	return nil
}

func (p *Parts) explainSender(ctx context.Context, in *ExplainRequest, now time.Time) *SenderExplanation {
	policy := p.dryRun()
	about := policy.About(ctx, in.Login)
	e := &SenderExplanation{
		Login: in.Login, Time: now,
		Directory: p.directoryAnswer(in.Login, &about),
		Class: ClassAnswer{
			Name: about.Class.Name, By: about.By.String(), Match: about.Match, Enforce: about.Class.Enforce,
			Limit: about.Limit, Granted: about.Granted,
		},
		Premium: p.premiumAnswer(ctx, &about, now),
		Usage:   p.usageOf(ctx, in.Login, &about),
	}
	e.Grants, e.GrantsProblem = p.grantsOf(in.Login, about.Sender.ID, now)
	if len(in.Recipients)+in.Count == 0 {
		return e
	}
	m := p.message(in, &about)
	v := policy.Judge(ctx, m)
	e.Verdict = p.verdictAnswer(&v, m)
	cases, more := policy.AboutLists(ctx, m, mostLists)
	for i := range cases {
		e.Recipients = append(e.Recipients, recipientAnswer(&cases[i]))
	}
	e.MoreRecipients = more
	return e
}

// grantsOf are the grants of a sender, and why there may be others.
func (p *Parts) grantsOf(login, id string, now time.Time) (own []history.Grant, problem string) {
	all, err := p.History.Book.Grants(now)
	own = slices.DeleteFunc(all, func(g history.Grant) bool {
		return !strings.EqualFold(g.Login, login) && (id == "" || g.Sender != id)
	})
	return own, text(err)
}

// message is the message that is asked about, as Postfix would show it.
func (p *Parts) message(in *ExplainRequest, about *quota.About) *quota.Message {
	m := &quota.Message{Login: in.Login, EnvelopeSender: in.From, Recipients: &quota.Recipients{}, NoEnd: p.seesNoEnd()}
	switch {
	case m.EnvelopeSender != "":
	case len(about.Sender.Addresses) > 0:
		m.EnvelopeSender = about.Sender.Addresses[0]
	default:
		m.EnvelopeSender = in.Login // which is no address of theirs
	}
	for _, recipient := range in.Recipients {
		m.Recipients.Add(recipient)
	}
	for i := range in.Count {
		m.Recipients.Add(fmt.Sprintf("recipient%d@explain.invalid", i+1))
	}
	return m
}

// seesNoEnd reports whether Postfix shows no end of a message on any socket where senders
// submit.
func (p *Parts) seesNoEnd() bool {
	submission := false
	for _, l := range p.Config.Listen {
		if l.MessageRole() == quota.Submission {
			submission = true
			if !l.CountsAtData() {
				return false
			}
		}
	}
	return submission
}

// verdictAnswer tells a verdict.
func (p *Parts) verdictAnswer(v *quota.Verdict, m *quota.Message) *VerdictAnswer {
	a := &VerdictAnswer{Record: history.Of(v), From: m.EnvelopeSender, Passes: v.Action.Passes(), Note: text(v.Err)}
	a.Role = m.Role.String()
	if v.Action != quota.Accept {
		a.Rule = ruleOf(&a.Record)
	}
	if !a.Passes {
		a.Reply = p.replies.Text(v, reference)
		return a
	}
	a.AtEnd = atEnd(&v.Due)
	return a
}

// atEnd tells what remains to be checked and changed at the end of a message.
func atEnd(due *quota.Due) (all []string) {
	if post := due.Posting; post != nil {
		if post.From != nil {
			all = append(all, "From must have one of the addresses "+strings.Join(post.From, ", "))
		}
		if post.ReplyTo != nil {
			all = append(all, "Reply-To becomes "+strings.Join(post.ReplyTo, ", "))
		}
		for _, redirect := range post.Redirects {
			all = append(all, fmt.Sprintf("instead of %s, %s get it", redirect.Recipient, strings.Join(redirect.To, ", ")))
		}
		if post.List != "" {
			all = append(all, "an automatic reply or a receipt is refused")
		}
	}
	if due.MayShow.Most > 0 {
		all = append(all, fmt.Sprintf("To and Cc together may show %d addresses", due.MayShow.Most))
	}
	return all
}
