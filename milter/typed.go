package milter

import (
	"slices"
	"strings"

	"github.com/rcptquota/rcptquota/quota/list"
	"github.com/rcptquota/rcptquota/quota/mailaddr"
)

// A recipient of a redirected message is taken out of the envelope under each
// address that the queue file may have it under: how the MTA resolved it, which is
// what the rules see, and how the client typed it.

// keepTyped remembers how the client wrote a recipient where that is not how the
// MTA resolved it. What it returns forgets that again, for one that is refused.
func (s *session) keepTyped(address, typed string) (forget func()) {
	if !s.tx.rules.Needs.Lists {
		return func() {}
	}
	recipient := mailaddr.RecipientKey(address)
	forms := s.tx.typed[recipient]
	if recipient == typed || len(forms) > list.MaxRemovals || slices.Contains(forms, typed) {
		return func() {}
	}
	if s.tx.typedSize+len(typed) > maxTyped {
		s.tx.untyped = true
		return func() {}
	}
	if s.tx.typed == nil {
		s.tx.typed = make(map[string][]string)
	}
	s.tx.typed[recipient] = append(forms, typed)
	s.tx.typedSize += len(typed)
	return func() {
		if forms == nil {
			delete(s.tx.typed, recipient)
		} else {
			s.tx.typed[recipient] = forms
		}
		s.tx.typedSize -= len(typed)
	}
}

// forms are the addresses of a recipient. Of one typed with a source route (RFC
// 5321 appendix C) Postfix keeps the rest; a colon may also stand in quotes, in a
// literal or a comment of the route, so each is tried for its end.
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

// countForms is the number of forms of a recipient. Where some may be unknown, it is more
// than any redirect may remove.
func (s *session) countForms(address string) int {
	if s.tx.untyped {
		return list.MaxRemovals + 1
	}
	return len(s.forms(address))
}
