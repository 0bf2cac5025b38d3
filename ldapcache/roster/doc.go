// Package roster keeps the premium roster: which designated senders are premium
// now.
//
// Designations are entered in the directory at any time. With the calendar
// ([Config], activation "weekly") they count from one moment a week on: at the
// cutoff the directory is copied, and at the moment of effect after it, that copy
// is the roster, on all relays. A cutoff at which nothing could be copied is made
// up for as soon as possible, and the roster before it stands until then. The very
// first copy takes effect at once.
//
// # Election
//
// An establishment has at most so many premium senders as the configuration says.
// Where it designated more, those whose [Designation.Sender] sorts first have it;
// the rest are named in the log once a copy, and by "rcptquota roster show".
//
// # The store
//
// The roster lives in a [Store]: Redis, or a file in state_dir. It is one text,
// replaced by compare-and-swap, so that of several relays the first one's copy is
// everybody's. A relay reads it every few seconds and knows ahead what takes effect
// when; the effect itself needs neither the store nor the directory. Where the
// store has lost its content, a relay that knows it writes it back.
//
// # What is not known
//
// A relay that has not read the roster yet does not know who is premium. One that
// can't read it any more, or that is past a moment of effect without the copy that
// belongs to it, knows only what was. Both are told by an error, so that no message
// is refused for good on it.
//
// # What is not believed
//
// A directory that no longer sees the designations answers, without an error, that
// nobody is designated. A copy from which nearly everybody is missing is therefore
// treated like no answer: see [Missing]. Only [Refresh] accepts it, since an
// administrator has confirmed it then.
//
// Nor is a copy believed, or stored, that was taken in the future: until its time had
// come, no other copy would be due. With Redis, nothing is copied or stored unless our
// clock and Redis's agree. A file has no clock: there, a state that lies in the future
// is set aside and kept, in case ours is the clock that is wrong ([State.Aside]).
//
// # Without a calendar
//
// With activation "immediate" each relay copies the directory again and again, and
// each copy takes effect at once. The store keeps the last copy that was believed, for
// the next start.
package roster
