package quota

import (
	"strings"

	"github.com/rcptquota/rcptquota/quota/list"
	"github.com/rcptquota/rcptquota/quota/visible"
)

// Header is the part of a message's header that the rules look at. The zero value is that
// of a message without a header; Add takes the fields in their order.
type Header struct {
	list.Header
	// Visible are the addresses in To and Cc. Resent-To and Resent-Cc show nothing: mail
	// programs hide them, and a message that is sent again shows its To and Cc as before.
	Visible visible.Addresses
}

// Add takes one field of the header, with its folds (RFC 5322 section 2.2.3).
func (h *Header) Add(name, value string) {
	switch field := strings.TrimSpace(name); {
	case strings.EqualFold(field, "to"), strings.EqualFold(field, "cc"):
		h.Visible.Add(value)
	default:
		h.Header.Add(name, value)
	}
}

// VisibleLimit is how many addresses a message may show in To and Cc, and what becomes of
// one that shows more. The zero value is no limit.
type VisibleLimit struct {
	Most   int // distinct addresses; 0: any number
	Action Action
	Reason Reason
}

// mayShow is the limit for a message. It refuses nothing for good while the sender's class
// is in doubt, and is none where Postfix does not show the header.
func (r *Rules) mayShow(c *classification, m *Message) VisibleLimit {
	if c.class == nil || c.class.Limits.Visible == 0 || m.NoEnd || m.HeaderUnseen {
		return VisibleLimit{}
	}
	limit := VisibleLimit{c.class.Limits.Visible, enforced(Refuse, c.class.Enforce), VisibleRecipients}
	if !r.certain(c) {
		limit.Action, limit.Reason = enforced(Defer, c.class.Enforce), DirectoryUnavailable
	}
	return limit
}

// exceededBy reports whether a header shows more than that.
func (l *VisibleLimit) exceededBy(h *Header) bool { return l.Most > 0 && h.Visible.Len() > l.Most }
