package quota

import "context"

// Policy is the rules as one site configured them. It is safe for use by many
// goroutines at once.
type Policy struct {
	rules     *rules
	directory Directory
}

// NewPolicy makes the policy of a configuration. The error joins the
// configuration's mistakes, as [Config.Validate] tells them.
func NewPolicy(config Config, directory Directory) (*Policy, error) {
	rules, err := config.compile()
	if err != nil {
		return nil, err
	}
	return &Policy{rules: rules, directory: directory}, nil
}

// Judge gives the one verdict on a message. It does not fail: what could not be
// known is in the verdict.
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
	v := p.rules.limit(p.rules.standing(&sender, err), n)
	v.Sender = login
	return v
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
