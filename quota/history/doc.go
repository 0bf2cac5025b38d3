// Package history keeps what a postmaster asks about afterwards: decision records and
// grants.
//
// A decision [Record] is what remains of a message that was refused, deferred, redirected
// or put on hold, or would have been refused: enough to explain, weeks later, the reference
// that a user quotes. It names no recipient, except lists. Records are written in the
// background by a [Recorder]: mail does not wait for them, and a store that is away or
// full loses records, not mail.
//
// A [Grant] allows one sender more recipients for a while. Each relay keeps all grants
// in memory, in a [Book], and reads them anew every second, so that no message waits for
// them.
//
// Package store has the two stores of both: Redis, for all relays, and a file in
// state_dir.
package history
