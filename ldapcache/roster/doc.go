// Package roster keeps the premium roster: which designated senders are premium
// now.
//
// Designations are entered in the directory at any time. With the calendar
// ([Config], activation "weekly") they count from one moment of the week on: at the
// cutoff the directory is copied, and at the moment of effect that follows, the copy
// becomes the roster, on all relays. If nothing could be copied at a cutoff, the copy
// is made as soon as possible, and the old roster stays until then. The very first
// copy takes effect at once.
//
// # Election
//
// The configuration says how many premium senders an establishment may have. If it
// designated more, the first in the order of [Designation.Sender] are premium; the
// others are named in the log, once per copy, and by "rcptquota roster show".
//
// # The store
//
// The roster is one text in a [Store]: Redis, or a file in state_dir (package store).
// It is replaced by compare-and-swap, so that of several relays the first one's copy
// counts for all. Every relay reads the store every few seconds, and so knows in
// advance which copy takes effect when: the effect itself needs neither the store nor
// the directory. If the store has lost the roster, a relay that has read it writes it
// back.
//
// # Doubt
//
// A relay that has not read the roster yet does not know who is premium. A relay that
// cannot read it any more, or that lacks the copy for a past moment of effect, knows
// only who was premium. In both cases callers get an error, so that no message is
// refused for good because of it.
//
// # What is not believed
//
// A directory that can no longer read the designation groups answers, without an
// error, that nobody is designated. So a copy from which nearly everybody is missing is
// treated like no answer: see [Missing]. Only [Refresh] accepts it, because an
// administrator then confirmed it.
//
// A copy with a time in the future is neither believed nor stored: until that time had
// come, no other copy would be due. With Redis, nothing is copied or stored unless our
// clock and Redis's agree. A file has no clock: there, a state from the future is set
// aside and kept, because ours may be the clock that is wrong ([State.Aside]).
//
// # Without a calendar
//
// With activation "immediate" each relay copies the directory again and again, and
// each copy takes effect at once. The store keeps the last copy that was believed, for
// the next start.
package roster
