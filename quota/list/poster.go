package list

import "slices"

// Poster is the sender of a message, as far as lists need to know. The zero value is
// somebody who manages no list.
type Poster struct {
	// ID and Addresses are the sender's, as those of a [Person].
	ID        string
	Addresses []string
	// Err is why the sender cannot be known now; nil when they are known.
	Err error
	// MayBeUnenforced reports that, because of Err, it is not known whether rules are
	// enforced for the sender, so that no message of theirs is refused permanently.
	MayBeUnenforced bool
}

// mayPost reports whether the poster is a manager of the list.
func (p *Poster) mayPost(list *List) bool {
	return p.ID != "" && slices.ContainsFunc(list.Managers(), func(m Person) bool { return m.ID == p.ID })
}
