package milter

import (
	"errors"
	"slices"
	"strings"

	gomilter "github.com/emersion/go-milter"
)

// edits are the changes of a message that lists may ask for.
const edits = gomilter.OptAddHeader | gomilter.OptChangeHeader | gomilter.OptAddRcpt | gomilter.OptRemoveRcpt

var errNoEdits = errors.New("the MTA lets us change nothing")

// keepTyped remembers how the client wrote a recipient where that is not how the
// MTA resolved it: by that name alone can it be taken out of the envelope.
func (s *session) keepTyped(address, typed string) {
	address = strings.ToLower(address) // as quota.Recipients has it
	if !s.server.lists || address == typed {
		return
	}
	if s.tx.typed == nil {
		s.tx.typed = make(map[string][]string)
	}
	if forms := s.tx.typed[address]; !slices.Contains(forms, typed) {
		s.tx.typed[address] = append(forms, typed)
	}
}

// edit changes the message, at its end, as its posting says. After an error the
// connection ends, and the MTA has the client come back.
func (s *session) edit(m *gomilter.Modifier) error {
	p := s.tx.verdict.Posting
	if p == nil || len(p.Redirects) == 0 && p.ReplyTo == nil && (!p.RemoveXSender || s.tx.header.XSender == 0) {
		return nil
	}
	if !s.wire.takes(edits) {
		return errNoEdits
	}
	var errs []error
	if p.RemoveXSender {
		errs = append(errs, removeHeader(m, "X-Sender", s.tx.header.XSender))
	}
	if p.ReplyTo != nil {
		errs = append(errs, removeHeader(m, "Reply-To", s.tx.header.ReplyTo), m.AddHeader("Reply-To", addressList(p.ReplyTo)))
	}
	added := make(map[string]struct{})
	for _, r := range p.Redirects {
		errs = append(errs, s.removeRecipient(m, r.Recipient))
		for _, to := range r.To {
			if _, twice := added[to]; !twice && !s.tx.recipients.Has(to) {
				errs = append(errs, m.AddRecipient(to))
			}
			added[to] = struct{}{}
		}
	}
	return errors.Join(errs...)
}

// removeHeader removes all fields of that name, the last first: their numbers
// count from 1, and those behind one that went would change.
func removeHeader(m *gomilter.Modifier, name string, n int) error {
	var errs []error
	for i := n; i > 0; i-- {
		errs = append(errs, m.ChangeHeader(i, name, ""))
	}
	return errors.Join(errs...)
}

// removeRecipient takes a recipient out of the envelope in each form that the
// client wrote it in.
func (s *session) removeRecipient(m *gomilter.Modifier, address string) error {
	errs := []error{m.DeleteRecipient(address)}
	for _, typed := range s.tx.typed[address] {
		errs = append(errs, m.DeleteRecipient(typed))
	}
	return errors.Join(errs...)
}

// addressList is a header field of addresses, one a line (RFC 5322 section
// 2.2.3).
func addressList(addresses []string) string { return strings.Join(addresses, ",\n\t") }
