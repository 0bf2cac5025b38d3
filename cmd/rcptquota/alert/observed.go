package alert

import (
	"context"

	"github.com/rcptquota/rcptquota/milter"
	"github.com/rcptquota/rcptquota/quota"
)

// Observed is a policy whose verdicts are looked at for what is worth an alert.
type Observed struct {
	milter.Policy
	Alerter *Alerter
}

// Judge implements [milter.Judge].
func (o Observed) Judge(ctx context.Context, m *quota.Message) quota.Verdict {
	v := o.Policy.Judge(ctx, m)
	o.Alerter.Verdict(&v)
	return v
}

// JudgeHeader implements [milter.Judge].
func (o Observed) JudgeHeader(v *quota.Verdict, h *quota.Header) quota.Verdict {
	atEnd := o.Policy.JudgeHeader(v, h)
	if !atEnd.Action.Passes() {
		o.Alerter.Verdict(&atEnd)
	}
	return atEnd
}
