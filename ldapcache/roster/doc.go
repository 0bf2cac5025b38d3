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
// An establishment has at most as many premium senders as the configuration says.
// Where it designated more, those whose [Designation.Sender] sorts first are premium;
// the others are named in the log once for each copy, and by "rcptquota roster show".
//
// # The store
//
// The roster lives in a [Store]: Redis, or a file in state_dir. It is one text,
// replaced by compare-and-swap, so that the copy of the first relay counts for all. A
// relay reads it every few seconds and knows beforehand what takes effect when; at that
// moment neither the store nor the directory is needed. If the store has lost its
// content, a relay that knows it stores it again.
//
// # What is not known
//
// A relay that has not read the roster yet does not know who is premium. One that
// can't read it any more, or that has passed a moment of effect without the copy for it,
// knows only who was premium before. Both are errors, so that no message is refused for
// good because of it.
//
// # What is not believed
//
// A directory from which the designations have vanished answers without an error that
// nobody is designated. A copy from which nearly everybody is missing, compared with the
// last one, is treated like no answer: see [Missing]. Only [Refresh] takes it, since
// whoever runs that says that it is right.
//
// Nor is a copy used, or stored, that was taken in the future: as long as it was used, no
// other would be due. With Redis, its clock and ours have to agree before anything is
// copied or stored. A file has no clock: a state that is of the future by our clock is set
// aside, in case our clock is wrong ([State.Aside]).
//
// # Without a calendar
//
// With activation "immediate" each relay copies the directory again and again, and
// each copy takes effect at once. The store remembers the last believed copy for the
// next start.
package roster
