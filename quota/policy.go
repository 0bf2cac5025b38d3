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
		return Verdict{Action: Accept, Recipients: m.Recipients.Len()}
	}
	login, trusted := m.Login, false
	if login == "" && p.rules.trustedSubmitters.contains(m.Client) {
		login, trusted = m.EnvelopeSender, true
	}
	n := p.rules.exemptRecipients.count(m.Recipients)
	if login == "" {
		return p.rules.unauthenticated(n, trusted)
	}
	sender, err := p.directory.Sender(ctx, login)
	s := p.rules.standing(&sender, err)
	v := p.rules.limit(s, n)
	v.Sender = login
	if v.Action == Accept && n > 0 && len(s.class.Limits.Windows) > 0 {
		p.reserve(ctx, s.class, m.Recipients, &v)
	}
	return v
}

// Settle ends what a verdict reserved: its message stood, or it did not go and
// costs nothing. It is called once for each verdict that has a ticket.
func (p *Policy) Settle(ctx context.Context, t Ticket, stood bool) error {
	return p.counter.Settle(ctx, t, stood)
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
