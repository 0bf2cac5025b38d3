package quota

import "time"

// Grants says how many more recipients senders may reach for a while than their class
// allows, on top of the limit of a message and of every window. It is asked for every
// message by many goroutines at once, and answers from memory.
//
// The error of both methods says that a sender may have been given a grant that is not
// known here, so that nothing may be refused for good that such a grant would allow. The
// number is then the last known one.
type Grants interface {
	// Granted is how many more recipients a sender may reach at the moment now, up to
	// [MaxRecipients]; 0: none. The login is in any case; id is the directory's name of
	// the sender, so that a person profits under all of their logins, and may be empty.
	Granted(login, id string, now time.Time) (int, error)
	// MostGranted is a number that no sender has been granted more than.
	MostGranted(now time.Time) (int, error)
}
