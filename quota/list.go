package quota

// List is what the directory knows of one mailing list. It is shared: do not
// change it.
type List struct {
	// Owners and Moderators are those that could be resolved.
	Owners, Moderators []Person
	// Moderated reports whether the list names moderators, whether or not they
	// could be resolved.
	Moderated bool
	// Members is how many there are.
	Members int
	// Fault is what the directory has wrong about the list, for the log: managers
	// who are nobody, or several entries with its address, when it has no managers.
	Fault error
	// Stale is nil for an answer that is fresh; otherwise it tells why the
	// directory could not be asked again, and the answer is the last known one.
	Stale error
}

// Person is somebody whom a list names.
type Person struct {
	// ID is as that of a [Sender].
	ID string
	// Addresses are as those of a [Sender]; mail goes to the first.
	Addresses []string
}

// ListAnswer is what the directory says of one address.
type ListAnswer struct {
	// List is nil when the address is no list's.
	List *List
	// Err is nil when the directory knows; otherwise it cannot be asked now.
	Err error
}

// Managers are those who may post: the moderators or, where the list provably
// has none, the owners.
func (l *List) Managers() []Person {
	if l.Moderated {
		return l.Moderators
	}
	return l.Owners
}
