package quota

import (
	"errors"
	"slices"
)

// poster is who sends a message, as lists see it. The zero value is nobody whom
// a list could name.
type poster struct {
	id        string
	addresses []string
	err       error // why that cannot be known now
	// mayBeUnenforced reports that err leaves open whether rules are enforced for them,
	// so that nothing is refused to them for good.
	mayBeUnenforced bool
}

// newPoster tells who the sender is whom the directory answered with. A stale answer is
// as good as none: who managed a list then may not any more.
func newPoster(sender *Sender, err error, allEnforced bool) poster {
	switch {
	case errors.Is(err, ErrAbsent), errors.Is(err, ErrAmbiguous):
		return poster{}
	case err == nil && sender.Stale == nil:
		return poster{id: sender.ID, addresses: sender.Addresses}
	case err == nil:
		err = sender.Stale
	}
	return poster{err: err, mayBeUnenforced: !allEnforced}
}

// mayPost reports whether the poster is a manager of the list.
func (p *poster) mayPost(list *List) bool {
	return p.id != "" && slices.ContainsFunc(list.Managers(), func(m Person) bool { return m.ID == p.id })
}
