package quota

// Limits are what a class allows.
type Limits struct {
	// Recipients is the most distinct recipients of one message, at least 1.
	Recipients int
	// Windows count over messages; there may be none.
	Windows []Window
}

// limit is the verdict of the limit a message on n recipients.
func (r *rules) limit(s classification, n int) Verdict {
	v := Verdict{
		Action:     Accept,
		Class:      s.class.Name,
		Premium:    s.premium,
		Unknown:    s.unknown,
		Recipients: n,
		Limit:      s.class.Limits.Recipients,
		Degraded:   !s.sure,
		Err:        s.err,
	}
	switch {
	case n <= v.Limit:
	case s.sure || r.baseWhenUnknown:
		v.Action, v.Reason = enforced(Refuse, s.class.Enforce), MessageLimit
	case n > r.highest && r.neverMore: // whatever the directory would say
		v.Action, v.Reason, v.Limit = Refuse, MessageLimit, r.highest
	default:
		v.Action, v.Reason = enforced(Defer, s.class.Enforce), DirectoryUnavailable
	}
	return v
}

// enforced is the action, or WouldRefuse where rules are not enforced.
func enforced(action Action, enforce bool) Action {
	if enforce {
		return action
	}
	return WouldRefuse
}
