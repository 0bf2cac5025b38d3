package quota

// Limits are what a class allows.
type Limits struct {
	// Recipients is the most distinct recipients of one message, at least 1.
	Recipients int
	// Windows count over messages; there may be none.
	Windows []Window
}

// limitCheck is the outcome of comparing a message with the limit of its sender's class.
// The zero value is a message within the limit.
type limitCheck struct {
	action Action
	reason Reason
	limit  int // that is exceeded
}

func (l limitCheck) exceeded() bool { return l.reason != NoReason }

// checkLimit compares the number of a message's recipients with its sender's class.
func (r *Rules) checkLimit(c *classification, n int) limitCheck {
	if c.class == nil || n <= c.class.Limits.Recipients {
		return limitCheck{}
	}
	limit := c.class.Limits.Recipients
	switch {
	case c.sure || r.baseWhenUnknown:
		return limitCheck{enforced(Refuse, c.class.Enforce), MessageLimit, limit}
	case n > r.highest && r.allEnforced: // whatever the directory would say
		return limitCheck{Refuse, MessageLimit, r.highest}
	}
	return limitCheck{enforced(Defer, c.class.Enforce), DirectoryUnavailable, limit}
}

// enforced returns the action, or WouldRefuse where the rule is not enforced.
func enforced(action Action, enforce bool) Action {
	if enforce {
		return action
	}
	return WouldRefuse
}
