package list

import "strings"

// Header is the part of a message's header that the rules of lists look at. The zero
// value is that of a message without a header; Add takes the fields in their order.
type Header struct {
	// From are the values of the From fields, at most two: more make no difference.
	From []string
	// Automatic reports whether the message is an automatic reply or report, by what it
	// says or by the marks of the programs that send such messages.
	Automatic bool
	// Generated reports whether the message says that a program sent it, not in reply to
	// another ("auto-generated", RFC 3834 section 5).
	Generated bool
	// ReplyTo and XSender are the numbers of these fields.
	ReplyTo, XSender int

	agents []agent
	marks  marks
}

// Add takes one field of the header, with its folds (RFC 5322 section 2.2.3).
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

// Count returns the number of fields of a name, in any case; 0 for fields that are never
// removed.
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
