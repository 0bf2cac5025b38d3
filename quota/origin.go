package quota

// origin is who sends a message and to how many, as known before the directory is asked.
type origin struct {
	role Role
	// sender is the login or, from a trusted submitter, the envelope sender; empty when
	// there is neither, and for all mail of role inbound.
	sender string
	// trusted reports that the message is from a trusted submitter, without a login.
	trusted bool
	// null reports that sender is nullSender, which the directory does not know.
	null bool
	// recipients is the number of distinct recipients that count.
	recipients int
}

// nullSender is the name under which the null sender of a trusted submitter is counted
// (RFC 5321 section 4.5.5).
const nullSender = "<>"

func (r *Rules) originOf(m *Message) origin {
	if m.Role == Inbound {
		return origin{role: Inbound, recipients: m.Recipients.Len()}
	}
	o := origin{sender: m.Login, recipients: r.exemptRecipients.count(m.Recipients)}
	if m.Login == "" && r.trustedSubmitters.contains(m.Client) {
		o.sender, o.trusted = m.EnvelopeSender, true
	}
	if o.trusted && o.sender == "" && o.recipients > 1 { // a bounce has one recipient
		o.sender, o.null = nullSender, true
	}
	return o
}

// unauthenticated reports whether a message is submitted without a login. The null sender
// of a trusted submitter is a bounce, which has none.
func (o *origin) unauthenticated() bool {
	return o.role == Submission && o.sender == "" && !o.trusted
}

// acceptedBecause is the reason for which a message is accepted, where no rule stops it.
func (o *origin) acceptedBecause() Reason {
	if o.role == Submission && o.sender == "" {
		return Unauthenticated
	}
	return NoReason
}

// exceedsEveryClass reports whether a message has too many recipients for any sender, so
// that the directory need not be asked. Where rules are not enforced in general, the
// limits of classes say nothing about mail without a login.
func (r *Rules) exceedsEveryClass(o *origin) bool {
	return o.role == Submission && o.recipients > r.highest && r.allEnforced && (r.enforce || o.sender != "")
}
