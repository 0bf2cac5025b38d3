package quota

import "context"

// Policy is the rules as one site configured them. It is safe for use by many
// goroutines at once.
type Policy struct {
	rules     *rules
	directory Directory
	counter   Counter
}

// NewPolicy makes the policy of a configuration. The counter may be nil where
// no class has windows ([Config.HasWindows]). The error joins the
// configuration's mistakes, as [Config.Validate] tells them.
func NewPolicy(config Config, directory Directory, counter Counter) (*Policy, error) {
	rules, err := config.compile()
	if err != nil {
		return nil, err
	}
	return &Policy{rules: rules, directory: directory, counter: counter}, nil
}

// Judge gives the one verdict on a message. It does not fail: what could not be
// known is in the verdict. The reservation of the verdict's ticket, if it has one,
// is ended by [Policy.Settle].
func (p *Policy) Judge(ctx context.Context, m *Message) Verdict {
	if p.rules.exemptNetworks.contains(m.Client) {
		return Verdict{Action: Accept, Reason: ExemptNetwork, Sender: m.Login, Recipients: m.Recipients.Len()}
	}
	if m.Role == Inbound {
		return p.judgeUnknown(ctx, m, Verdict{Action: Accept, Recipients: m.Recipients.Len()})
	}
	login, trusted := m.Login, false
	if login == "" && p.rules.trustedSubmitters.contains(m.Client) {
		login, trusted = m.EnvelopeSender, true
	}
	n := p.rules.exemptRecipients.count(m.Recipients)
	nullCounts := login == "" && trusted && n > 1 // no bounce has more than one recipient
	if nullCounts {
		login = nullSender
	}
	switch {
	case p.rules.neverPasses(n, login):
		return Verdict{Action: Refuse, Reason: MessageLimit, Sender: login, Recipients: n, Limit: p.rules.highest}
	case nullCounts:
		return p.judgeSender(ctx, m, n, login, classification{class: p.rules.base, sure: true}, poster{})
	case login == "":
		return p.judgeUnknown(ctx, m, p.rules.unauthenticated(n, trusted))
	}
	sender, err := p.directory.Sender(ctx, login)
	return p.judgeSender(ctx, m, n, login, p.rules.classify(&sender, err), newPoster(&sender, err))
}

// nullSender is the name under which the null sender of a trusted submitter is counted,
// written as in RFC 5321 section 4.5.5.
const nullSender = "<>"

// neverPasses reports whether n recipients are too many whatever the directory would
// say. Mail without a login has no class, so for that the global enforce decides, too.
func (r *rules) neverPasses(n int, login string) bool {
	return n > r.highest && r.neverMore && (r.enforce || login != "")
}

// judgeUnknown makes v the verdict on a message of somebody whom no list can
// name.
func (p *Policy) judgeUnknown(ctx context.Context, m *Message, v Verdict) Verdict {
	if v.Action.Passes() {
		candidates, inDomain := p.rules.lists.recipients(m.Recipients)
		lists := p.posts(ctx, candidates, inDomain)
		ruling := lists.rule(&poster{}, m, p.rules.enforce)
		ruling.apply(&v, p.rules.enforce)
	}
	return v
}

// judgeSender gives the verdict on a message of a sender who has a class. n is how many
// of its recipients count.
func (p *Policy) judgeSender(ctx context.Context, m *Message, n int, login string, s classification, who poster) Verdict {
	enforce := s.class.Enforce || who.err != nil && p.rules.someEnforced // nobody slips into a list for want of a class
	candidates, inDomain := p.rules.lists.recipients(m.Recipients)
	if len(candidates) > maxLookups {
		v := p.rules.limit(s, n)
		if v.Action != Accept && (!enforce || !v.Action.Passes()) { // lists could only change the reason
			v.Sender = login
			return v
		}
	}
	lists := p.posts(ctx, candidates, inDomain)
	ruling := lists.rule(&who, m, enforce)
	if who.err != nil && !p.rules.neverMore {
		ruling.doubt(who.err)
	}
	counted := counted{recipients: m.Recipients, exempt: p.rules.exemptRecipients, n: n, lists: lists.lists}
	v := p.rules.limit(s, counted.len())
	v.Sender = login
	ruling.apply(&v, enforce)
	if (v.Action == Accept || v.Action == Redirect) && v.Recipients > 0 && len(s.class.Limits.Windows) > 0 {
		p.reserve(ctx, s, &counted, &v)
	}
	counted.tellList(&v)
	return v
}

// JudgeHeader gives the verdict on a message that passed with the verdict v, once its
// header has come: v again, or a refusal of a message to lists. It does not touch the
// reservation.
func (p *Policy) JudgeHeader(v *Verdict, h *Header) Verdict { return v.withHeader(h) }

// Settle ends the reservation of a message, once: it commits it, because the message
// went, or releases it, so that the message costs nothing. The error is the counter's.
func (p *Policy) Settle(ctx context.Context, t Ticket, commit bool) error {
	return p.counter.Settle(ctx, t, commit)
}

// maxLookups is how many addresses of a message that has too many recipients anyway the
// directory is asked about, only to find the best reason for the refusal. So a message
// costs no more lookups of lists than its sender's class allows recipients, or this.
const maxLookups = 100

// unauthenticated is the verdict on a message that nobody answers for. The null
// sender of a trusted submitter is a bounce, and passes.
func (r *rules) unauthenticated(n int, trusted bool) Verdict {
	v := Verdict{Action: Accept, Reason: Unauthenticated, Recipients: n}
	if r.refuseUnauthenticated && !trusted {
		v.Action = enforced(Refuse, r.enforce)
	}
	return v
}
