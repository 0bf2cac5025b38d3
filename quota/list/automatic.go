package list

import (
	"regexp"
	"slices"
	"strings"
)

// marks are hints that a program sent the message. Only several of them together are
// proof.
type marks struct {
	bulk       bool // Precedence, of mass mailings
	suppresses bool // X-Auto-Response-Suppress: no automatic reply wanted
	answers    bool // In-Reply-To
	calendar   bool // Content-Class, of an invitation or the reply to one
}

// repliers are fields that only automatic replies and reports have: those from before
// RFC 3834, and those of hosting providers' autoresponders, FirstClass, Exchange's inbox
// rules and Exim's bounces.
var repliers = []string{
	"x-auto-reply", "x-autoreply", "x-autoreply-from", "x-autorespond", "x-autoresponder", "x-mail-autoreply",
	"x-fc-machinegenerated", "x-ms-exchange-inbox-rules-loop", "x-failed-recipients",
}

// addMark looks at a field that may show that a program sent the message. The name is in
// lower case.
func (h *Header) addMark(name, value string) {
	switch name {
	case "auto-submitted":
		switch keyword(plain(value)) {
		case "no":
		case "auto-generated":
			h.Generated = true
		default: // auto-replied, and values defined later
			h.Automatic = true
		}
	case "precedence", "x-precedence":
		word := plain(value)
		h.marks.bulk = h.marks.bulk || word == "bulk" || word == "junk"
		h.Automatic = h.Automatic || word == "auto_reply"
	case "x-auto-response-suppress": // [MS-OXCMAIL]
		h.marks.suppresses = plain(value) != "none"
	case "in-reply-to":
		h.marks.answers = true
	case "content-type":
		h.Automatic = h.Automatic || isReport(plain(value))
	case "content-class":
		word := plain(value)
		h.marks.calendar = strings.HasSuffix(word, ":calendarmessage")
		h.Automatic = h.Automatic || strings.HasSuffix(word, ":mdn") || strings.HasSuffix(word, ":dsn")
	case "x-post-messageclass":
		h.Automatic = h.Automatic || strings.Contains(plain(value), "autoresponder")
	default:
		h.Automatic = h.Automatic || slices.Contains(repliers, name)
	}
	// Exchange's out-of-office and calendar replies have no other mark.
	if m := h.marks; m.suppresses && (m.bulk || m.answers) || m.answers && (h.Generated || m.calendar) {
		h.Automatic = true
	}
}

// plain is a value in lower case, with one space where it has any blanks.
func plain(value string) string { return strings.ToLower(strings.Join(strings.Fields(value), " ")) }

// keyword is the first word of a structured field, without parameters and comments
// (RFC 3834 section 5, RFC 2045 section 5.1).
func keyword(value string) string {
	if end := strings.IndexAny(value, ";("); end >= 0 {
		value = value[:end]
	}
	return strings.TrimSpace(value)
}

// quotedOrSeparator matches a quoted string, or the separator of parameters (RFC 2045
// section 5.1).
var quotedOrSeparator = regexp.MustCompile(`"[^"]*"|;`)

// answersInvitation reports whether a Content-Type, in lower case, has the method of an
// attendee's answer (RFC 6047 section 2.4, RFC 5546 section 1.4).
func answersInvitation(value string) bool {
	parameters := quotedOrSeparator.ReplaceAllStringFunc(value, func(found string) string {
		if found == ";" {
			return "\n"
		}
		return strings.Trim(found, `"`)
	})
	for parameter := range strings.SplitSeq(parameters, "\n") {
		name, method, _ := strings.Cut(parameter, "=")
		switch strings.TrimSpace(method) {
		case "reply", "counter", "refresh":
			if strings.TrimSpace(name) == "method" {
				return true
			}
		}
	}
	return false
}

// isReport reports whether a Content-Type, in lower case, is that of a bounce or a
// receipt (RFC 6522, RFC 8098), or of a reply to an invitation.
func isReport(value string) bool {
	switch keyword(value) {
	case "multipart/report", "message/disposition-notification", "message/delivery-status":
		return true
	case "text/calendar":
		return answersInvitation(value)
	}
	return false
}
