package quota

// List is what the directory knows about one mailing list. It is shared: do not
// change it.
type List struct {
	// Owners and Moderators are those that the directory could resolve to a person.
	Owners, Moderators []Person
	// Moderated reports whether the list names moderators, resolved or not.
	Moderated bool
	// Members is their number.
	Members int
	// Fault is a mistake in the directory about the list, for the log: a manager who
	// resolves to nobody, or several entries with the list's address, which then has no
	// managers.
	Fault error
}

// Person is an owner or a moderator of a list.
type Person struct {
	// ID is as that of a [Sender].
	ID string
	// Addresses are as those of a [Sender]; mail goes to the first one.
	Addresses []string
}

// ListAnswer is what the directory says about one address.
type ListAnswer struct {
	// List is nil when the address is not a list's.
	List *List
	// Err is nil when the directory knows the answer; otherwise it says why the directory
	// cannot be asked now.
	Err error
}

// Managers are the people who may post: the moderators or, where the list provably
// has none, the owners.
func (l *List) Managers() []Person {
	if l.Moderated {
		return l.Moderators
	}
	return l.Owners
}
