package milter

import (
	"context"

	"github.com/rcptquota/rcptquota/quota"
)

// Judge decides what becomes of messages. It is called by many goroutines at
// once, and answers before ctx ends.
type Judge interface {
	// Judge does not fail: what it could not know is in the verdict.
	Judge(ctx context.Context, m *quota.Message) quota.Verdict
	// JudgeHeader gives the verdict on a message that passed at DATA with the verdict v,
	// which needs the header, once its header h has come. It changes neither.
	JudgeHeader(v *quota.Verdict, h *quota.Header) quota.Verdict
}

// Settler ends the reservations of messages. Like [Judge], it is called by many
// goroutines at once, and answers before ctx ends.
type Settler interface {
	// Settle ends a reservation, once: it commits or releases it. The error is only to
	// be logged; nothing can be done about it.
	Settle(ctx context.Context, t quota.Ticket, commit bool) error
}

// Policy is both, as [quota.Policy] is.
type Policy interface {
	Judge
	Settler
}
