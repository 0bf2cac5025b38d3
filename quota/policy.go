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
// known is in the verdict. What it reserved, [Policy.Settle] ends.
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
	if login == "" {
		n := p.rules.exemptRecipients.count(m.Recipients)
		return p.judgeUnknown(ctx, m, p.rules.unauthenticated(n, trusted))
	}
	return p.judgeSender(ctx, m, login)
}

// judgeUnknown makes v the verdict on a message of somebody whom no list can
// name.
func (p *Policy) judgeUnknown(ctx context.Context, m *Message, v Verdict) Verdict {
	if v.Action.Passes() {
		lists := p.posts(ctx, m.Recipients)
		ruling := lists.rule(&poster{}, m, p.rules.enforce)
		ruling.apply(&v, p.rules.enforce)
	}
	return v
}

func (p *Policy) judgeSender(ctx context.Context, m *Message, login string) Verdict {
	sender, err := p.directory.Sender(ctx, login)
	s := p.rules.standing(&sender, err)
	who := newPoster(&sender, err)
	lists := p.posts(ctx, m.Recipients)
	enforce := s.class.Enforce || who.err != nil && p.rules.someEnforced // nobody slips into a list for want of a class
	ruling := lists.rule(&who, m, enforce)
	if who.err != nil && !p.rules.neverMore {
		ruling.doubt(who.err)
	}
	counted := counted{recipients: m.Recipients, exempt: p.rules.exemptRecipients, lists: lists.lists}
	v := p.rules.limit(s, counted.len())
	v.Sender = login
	ruling.apply(&v, enforce)
	if (v.Action == Accept || v.Action == Redirect) && v.Recipients > 0 && len(s.class.Limits.Windows) > 0 {
		p.reserve(ctx, s, &counted, &v)
	}
	counted.tellList(&v)
	return v
}

// Settle ends a message on which v let it pass: it went, with the header h, or,
// where h is nil, it did not go and costs nothing. A message to lists may be
// refused by its header after all, which v then says. It is called once for each
// verdict that has a ticket or a [Posting].
func (p *Policy) Settle(ctx context.Context, v *Verdict, h *Header) error {
	if h != nil {
		v.finish(h)
	}
	ticket := v.Ticket
	if ticket == (Ticket{}) {
		return nil
	}
	v.Ticket = Ticket{}
	return p.counter.Settle(ctx, ticket, h != nil && v.Action.Passes())
}

// unauthenticated is the verdict on a message that nobody answers for. The null
// sender of a trusted submitter is a bounce, and passes.
func (r *rules) unauthenticated(n int, trusted bool) Verdict {
	v := Verdict{Action: Accept, Reason: Unauthenticated, Recipients: n}
	if r.refuseUnauthenticated && !trusted {
		v.Action = enforced(Refuse, r.enforce)
	}
	return v
}
