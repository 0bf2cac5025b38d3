package service

import (
	"context"
	"errors"

	"github.com/rcptquota/rcptquota/quota"
)

// trier is a counter that can be asked what it would answer. It counts nothing.
type trier interface {
	Try(ctx context.Context, r *quota.Reservation) (quota.Count, error)
}

var errCannotTry = errors.New("these windows cannot be asked without counting")

// trying is a counter that counts nothing.
type trying struct{ trier }

// Reserve implements [quota.Counter].
func (t trying) Reserve(ctx context.Context, r *quota.Reservation) (quota.Count, error) {
	if t.trier == nil {
		return quota.Count{}, errCannotTry
	}
	return t.Try(ctx, r)
}

// Settle implements [quota.Counter].
func (trying) Settle(context.Context, quota.Ticket, bool) error { return nil }

// dryRun returns the policy in force, except that asking it counts nothing.
func (p *Parts) dryRun() *quota.Policy {
	try, _ := p.Counter.(trier)
	return quota.NewPolicy(p.Config.Rules(), p.Roster.around(p.Directory), trying{try}).WithGrants(p.History.Book)
}
