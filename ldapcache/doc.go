// Package ldapcache is the directory: it tells which school a sender belongs to, the
// sender's professional addresses, who manages a list, and whom the establishments
// designated. [Open] gives a [quota.Directory] that asks LDAP servers (package ldap) and
// remembers their answers, or one that reads a small TOML file (package file).
//
// # Memory
//
// What an LDAP directory said is fresh for ttl, or for negative_ttl where it has no one
// entry, and is then answered from memory. A refusal may rest on a fresh answer; so an
// older one is always marked as stale. Senders who write often never wait all the same:
// in the last quarter of its ttl, at an age drawn for each, an answer that is used is
// asked for again in the background, once. As the ages differ, a thousand answers of the
// same minute are not asked for again in the same minute.
//
// An answer older than ttl is asked for while the message waits. There is one search at
// a time for each key, for all who wait; it has a deadline of its own, and does not end
// with the client that asked first. If it fails, or takes longer than a quarter of
// timeout, the old answer is served, for up to stale_for, marked as stale: with that a
// message may pass, or be asked to come back, but not be refused for good. The search
// goes on for those who come next. An answer that there is no one entry is never served
// stale: an outage must not turn into a refusal. Nor is a list's: who managed it then may
// not any more.
package ldapcache
