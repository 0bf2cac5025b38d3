package quota

import (
	"strings"
)

// Header is what the end of a message to lists looks at in its header. The zero
// value is that of a message without one; Add takes the fields as they come.
type Header struct {
	// From are the values of the fields From, two at most: more make no difference.
	From []string
	// Automatic reports whether the message is a reply or a report that nobody
	// wrote, by what it says or by the marks of the programs that send such.
	Automatic bool
	// Generated reports whether it says that a program sends it, unasked
	// ("auto-generated", RFC 3834 section 5).
	Generated bool
	// ReplyTo and XSender are how many such fields there are.
	ReplyTo, XSender int

	agents []agent
	marks  marks
}

// Add takes one field of the header, folded as it came (RFC 5322 section 2.2.3).
func (h *Header) Add(name, value string) {
	switch name := strings.ToLower(strings.TrimSpace(name)); name {
	case "from":
		if len(h.From) < 2 {
			h.From = append(h.From, value)
		}
	case "reply-to":
		h.ReplyTo++
	case "x-sender":
		h.XSender++
	default:
		h.addMark(name, value)
		h.addAgent(name, value)
	}
}

// Count is how many fields of a name, in any case, there are; 0 for a name that is
// never removed.
func (h *Header) Count(name string) int {
	name = strings.TrimSpace(name)
	switch {
	case strings.EqualFold(name, "reply-to"):
		return h.ReplyTo
	case strings.EqualFold(name, "x-sender"):
		return h.XSender
	}
	n := 0
	for _, a := range h.agents {
		if strings.EqualFold(a.name, name) {
			n++
		}
	}
	return n
}
