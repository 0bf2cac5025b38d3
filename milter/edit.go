package milter

import (
	"errors"
	"strings"

	gomilter "github.com/emersion/go-milter"

	"github.com/rcptquota/rcptquota/quota/list"
)

// edits are the changes of a message that lists may ask for.
const edits = gomilter.OptAddHeader | gomilter.OptChangeHeader | gomilter.OptAddRcpt | gomilter.OptRemoveRcpt

var errNoEdits = errors.New("the MTA lets us change nothing")

// edit changes the message, at its end, as its posting p says; if that is nil, it
// changes nothing. After an error the connection ends, and the MTA defers the message.
func (s *session) edit(m *gomilter.Modifier, p *list.Posting) error {
	if p == nil || len(p.Redirects)+len(p.Remove) == 0 && p.ReplyTo == nil && (!p.Enforced || s.tx.header.XSender == 0) {
		return nil
	}
	if !s.wire.allows(edits) {
		return errNoEdits
	}
	var errs []error
	if p.Enforced {
		errs = append(errs, removeHeader(m, "X-Sender", s.tx.header.XSender))
	}
	for _, name := range p.Remove {
		errs = append(errs, removeHeader(m, name, s.tx.header.Count(name)))
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

// removeRecipient takes a recipient out of the envelope in each of its forms.
func (s *session) removeRecipient(m *gomilter.Modifier, address string) error {
	var errs []error
	for _, form := range s.forms(address) {
		errs = append(errs, m.DeleteRecipient(form))
	}
	return errors.Join(errs...)
}

// addressList is a header field of addresses, one a line (RFC 5322 section
// 2.2.3).
func addressList(addresses []string) string { return strings.Join(addresses, ",\n\t") }
