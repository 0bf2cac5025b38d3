// Package counter counts recipients in rolling windows: it opens the store behind
// quota.Counter that the table [store] of the configuration describes.
//
// Package local counts in this process, and saves its counts in state_dir, so that a
// restart forgets nothing and a kill at most the last second. Package redis counts for
// all relays together, in one round trip a message. A [Fallback] counts in Redis and,
// while Redis is away, in this process. Both stores know recipients as the digests of
// package digest, keep to the bounds of package underway, and pass the tests of package
// countertest.
//
// # Exactness
//
// Every store keeps, for each sender, when each recipient was last reached and
// how many recipients each message had. At the moment T of a decision a window
// holds what was reached in (T-per, T]; a message is reserved only if all of its
// windows hold it, in one atomic step. So no rolling period ever holds more than
// the limit, and no counter has to be reset.
//
// Memory is bounded by the limits, and grants: a sender has at most as many entries as the
// longest windows of any class allow, and what no window can hold any more is
// forgotten. Only a reservation that is neither committed nor released remembers
// more: what it replaced. A sender has at most a hundred of those.
//
// A time that lies more than a minute in the future was given out by a clock that was
// wrong: such times are moved back, all by the same amount.
//
// # One sender
//
// The commands for one sender run one after another, and a release touches only the
// recipients of its message. So a sender who sends much at once delays nobody else.
//
// # Outages
//
// While Redis is away, a [Fallback] lets this relay count by itself. The first messages
// wait until their commands time out; once a ping has failed, too, no message waits
// until Redis answers again. A sender whom this relay counted alone is then counted in
// both places, and has to fit both, until what was counted alone has left the sender's
// windows. Nothing is carried over into Redis.
//
// So a sender reaches at most the limit by Redis, and the limit again by each relay
// alone, over any number of outages in one window. What is counted here survives a
// restart; releases that wait for Redis do not, and their messages stay counted.
//
// What else is kept in Redis has its own way through an outage: decision records and
// grants, package history; the roster, package roster; which alerts were raised, package
// alert.
//
// # Asking
//
// Commands ask each store what it would answer to a message, how much a sender has used,
// and who has counts; asking counts nothing. Redis names the keys of a sender by a digest;
// beside the counts it has the sender's name, and the windows of the last message. Of the
// windows a store in this process knows as much since its start.
//
// # Privacy
//
// Recipients are kept as keyed digests of 64 bits. What a copy of each file reveals to
// somebody who does not have the others:
//
//   - windows.db in state_dir: which logins wrote, when, and to how many
//     recipients each time; that two of one sender's messages had a recipient in
//     common, but not which. It does not hold the key of its digests.
//   - digest.key in state_dir: nothing. With windows.db, whether a sender reached
//     a given address. Addresses can be tried one by one, so both together are as
//     good as a list of correspondents. A backup can leave digest.key out; after a
//     restore without it, copies are still counted, and windows of distinct
//     recipients start empty.
//   - a dump of Redis: the same as windows.db. The key is in the file that
//     digest_key_file names, and never in Redis; a fingerprint of it is, which reveals
//     nothing of it.
package counter
