package quota

import (
	"errors"
	"slices"
)

// poster is the sender of a message, as far as lists need to know. The zero value is
// somebody who manages no list.
type poster struct {
	id        string
	addresses []string
	err       error // why the sender cannot be known now
	// mayBeUnenforced reports that, because of err, it is not known whether rules are
	// enforced for the sender, so that no message of theirs is refused permanently.
	mayBeUnenforced bool
}

// newPoster makes the poster from the directory's answer. A stale answer is treated as
// none, because people may have changed.
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
