// Package counter counts recipients in rolling windows: it has the stores behind
// quota.Counter.
//
// A [Local] counts in this process, and is saved in state_dir, so that a restart
// forgets nothing and a kill at most the last second. A Redis store counts for
// all relays together, in one round trip a message.
//
// # Exactness
//
// Every store keeps, for each sender, when each recipient was last reached and
// how many recipients each message had. At the moment T of a decision a window
// holds what was reached in (T-per, T]; a message is reserved only if all of its
// windows hold it, in one atomic step. So no rolling period ever holds more than
// the limit, and no counter has to be reset.
//
// Memory is bounded by the limits: a sender has at most as many entries as the
// longest windows allow, and what no window can hold any more is forgotten. Only
// a reservation that is not yet settled remembers more: what it replaced.
//
// # Outages
//
// While Redis is away, a [Fallback] lets this relay count by itself. One message
// waits for the deadline; from then on none does, until Redis answers again. A
// sender's local tally then moves there, each message once: what may have been
// lost on its way to Redis is released there before. Tallies and releases that
// wait for Redis survive a restart.
//
// What moved stays here as a shadow until it has left its windows, and counts
// again in the next outage: what a relay lets through alone stays within the
// limits over any number of outages. What it lets through with Redis it does not
// remember: that would be all the work of counting here, on top of Redis's, for
// every message. So a period in which Redis goes away may hold at most the limit
// by Redis, and the limit again by each relay alone.
//
// # Privacy
//
// Recipients are kept as keyed digests of 64 bits. What a copy of each file tells
// to somebody who does not have the others:
//
//   - windows.db in state_dir: which logins wrote, when, and to how many
//     recipients each time; that two of one sender's messages had a recipient in
//     common, not whom. Nothing in it is made with a key that it holds.
//   - digest.key in state_dir: nothing. With windows.db, whether a sender reached
//     an address that one has in mind: addresses can be tried, so both together
//     are as good as a list of correspondents. A backup can leave it out; after a
//     restore without it the copies are still counted, and the distinct recipients
//     begin anew.
//   - a dump of Redis: the same as windows.db, with the logins as digests, too. The
//     key is in the file that digest_key_file names, and never in Redis; a
//     fingerprint of it is, which reveals nothing of it.
package counter
