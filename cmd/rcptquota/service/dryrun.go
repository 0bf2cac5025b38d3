package service

import (
	"github.com/rcptquota/rcptquota/quota"
	"github.com/rcptquota/rcptquota/quota/counter"
)

// dryRun returns the policy in force, except that asking it counts nothing.
func (p *Parts) dryRun() *quota.Policy {
	return quota.NewPolicy(p.Config.Rules(), p.Roster.around(p.Directory), counter.Asking(p.Counter)).WithGrants(p.History.Book)
}
