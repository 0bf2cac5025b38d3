package milter

import (
	"slices"
	"strings"

	"github.com/rcptquota/rcptquota/quota"
)

// A recipient of a redirected message is taken out of the envelope under each
// address that the queue file may have it under: how the MTA resolved it, which is
// what the rules see, and how the client typed it.

// keepTyped remembers how the client wrote a recipient where that is not how the
// MTA resolved it. What it returns forgets that again, for one that is refused.
func (s *session) keepTyped(address, typed string) (forget func()) {
	if !s.server.lists {
		return func() {}
	}
	recipient := quota.RecipientKey(address)
	forms := s.tx.typed[recipient]
	if recipient == typed || len(forms) > maxRemovable || slices.Contains(forms, typed) {
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
		s.tx.typed[recipient] = forms
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

// boundRedirects refuses what, with the posting so far, would take more than
// maxRemovable addresses out of the envelope, or perhaps one that is not known.
func (s *session) boundRedirects(v *quota.Verdict, soFar *quota.Posting) {
	if v.Action == quota.Redirect && (s.tx.untyped || s.removals(soFar, v.Posting) > maxRemovable) {
		v.Action, v.Posting = quota.Refuse, nil
	}
}

// removals is how many addresses the postings take out; each may be nil.
func (s *session) removals(postings ...*quota.Posting) (n int) {
	counted := map[string]bool{}
	for _, p := range postings {
		if p == nil {
			continue
		}
		for _, r := range p.Redirects {
			if !counted[r.Recipient] {
				counted[r.Recipient] = true
				n += len(s.forms(r.Recipient))
			}
		}
	}
	return n
}
