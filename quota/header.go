package quota

import (
	"strings"
)

// Header is what the end of a message to lists looks at in its header. The zero
// value is that of a message without one; Add takes the fields as they come.
type Header struct {
	// From are the values of the fields From, two at most: more make no difference.
	From []string
	// Automatic reports whether the message calls itself an automatic reply.
	Automatic bool
	// ReplyTo and XSender are how many such fields there are.
	ReplyTo, XSender int
}

// Add takes one field of the header, folded as it came (RFC 5322 section 2.2.3).
func (h *Header) Add(name, value string) {
	switch strings.ToLower(strings.TrimSpace(name)) {
	case "from":
		if len(h.From) < 2 {
			h.From = append(h.From, value)
		}
	case "reply-to":
		h.ReplyTo++
	case "x-sender":
		h.XSender++
	case "auto-submitted":
		h.Automatic = h.Automatic || !isNo(value)
	case "precedence":
		h.Automatic = h.Automatic || strings.EqualFold(strings.TrimSpace(value), "auto_reply")
	case "x-autoreply", "x-autorespond": // before RFC 3834
		h.Automatic = true
	}
}

// isNo reads an Auto-Submitted field (RFC 3834 section 5): a keyword, in any
// case, and perhaps parameters or a comment.
func isNo(value string) bool {
	keyword, _, _ := strings.Cut(value, ";")
	keyword, _, _ = strings.Cut(keyword, "(")
	return strings.EqualFold(strings.TrimSpace(keyword), "no")
}
