package quota

// limit is the verdict of the limit a message on n recipients.
func (r *rules) limit(s standing, n int) Verdict {
	v := Verdict{
		Action:     Accept,
		Class:      s.class.Name,
		Premium:    s.premium,
		Recipients: n,
		Limit:      s.class.Limits.Recipients,
		Degraded:   !s.sure,
		Err:        s.err,
	}
	switch {
	case n <= v.Limit:
	case s.sure || r.baseWhenUnknown:
		v.Action, v.Reason = enforced(Refuse, s.class.Enforce), MessageLimit
	case n > r.ceiling: // whatever the directory would say
		v.Action, v.Reason, v.Limit = enforced(Refuse, s.class.Enforce), MessageLimit, r.ceiling
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
