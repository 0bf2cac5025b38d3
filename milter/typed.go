package milter

import (
	"slices"
	"strings"

	"github.com/rcptquota/rcptquota/quota"
)

// To remove a recipient from the envelope of a redirected message, each address is removed
// under which it may be in the queue file: as the MTA resolved it, which is what the rules
// see, and as the client typed it.

// keepTyped remembers how the client wrote a recipient where the MTA resolved it to
// something else. The function that it returns forgets that again, for a recipient that is
// refused.
func (s *session) keepTyped(address, typed string) (forget func()) {
	if !s.server.lists {
		return func() {}
	}
	recipient := quota.RecipientKey(address)
	forms := s.tx.typed[recipient]
	if recipient == typed || len(forms) > quota.MaxRemovals || slices.Contains(forms, typed) {
		return func() {}
	}
	if s.tx.typed == nil {
		s.tx.typed = make(map[string][]string)
	}
	s.tx.typed[recipient] = append(forms, typed)
	return func() { s.tx.typed[recipient] = forms }
}

// forms are the addresses of a recipient. Postfix drops a source route (RFC 5321 appendix
// C) from what was typed. A colon may also be in a quoted string, a literal or a comment of
// the route, so each colon is tried as the route's end.
func (s *session) forms(address string) []string {
	forms := []string{address}
	for _, typed := range s.tx.typed[address] {
		forms = append(forms, typed)
		for _, rest, found := strings.Cut(typed, ":"); found; _, rest, found = strings.Cut(rest, ":") {
			forms = append(forms, strings.TrimSpace(rest))
		}
	}
	return forms
}

// countForms is the number of forms of a recipient.
func (s *session) countForms(address string) int { return len(s.forms(address)) }
