package list

// Message is what the rules look at in a message whose header is not known yet.
type Message struct {
	// EnvelopeSender is the address of MAIL FROM; empty for the null sender.
	EnvelopeSender string
	// NoEnd reports that neither the header nor the end of the message will be shown.
	NoEnd bool
	// Forms returns the number of addresses to remove from the envelope in order to
	// remove a recipient; nil: one for each.
	Forms func(recipient string) int
	// Earlier is what remains to be done for recipients that were answered before; nil:
	// nothing.
	Earlier *Posting
}

// removals is the number of addresses to remove from the envelope for recipients
// answered earlier.
func (m *Message) removals() (n int) {
	if m.Earlier == nil {
		return 0
	}
	for _, r := range m.Earlier.Redirects {
		n += m.forms(r.Recipient)
	}
	return n
}

// removalsFor is the number of further addresses to remove if a recipient is redirected.
func (m *Message) removalsFor(recipient string) int {
	if m.Earlier != nil && m.Earlier.redirects(recipient) {
		return 0
	}
	return m.forms(recipient)
}

func (m *Message) forms(recipient string) int {
	if m.Forms == nil {
		return 1
	}
	return m.Forms(recipient)
}
