// Package ldapcache is the directory: it tells which school a sender belongs
// to, the sender's professional addresses, and whom the establishments designated.
// [Open] gives a [quota.Directory] that asks an LDAP directory (RFC 4511) and
// remembers what it said, or one that reads a small TOML file.
//
// # From a login to a sender
//
// A SASL login is put, escaped, into a search filter (RFC 4515) in the place of
// "%u". Exactly one entry must match: none is [quota.ErrAbsent], several are
// [quota.ErrAmbiguous], and every other outcome means that nothing is known. That
// goes for a server too that has no entry but refers to others (RFC 4511 section
// 4.5.3), where we do not follow: base must be one that it holds whole. Only the
// partitions of its own to which Active Directory refers each time hold nobody.
//
// The professional addresses come from the configured attributes alone. A server
// answers a request for an attribute with its subtypes too (RFC 4511 section
// 4.5.1.8), and in the French ENT (SDET, "schéma directeur des espaces
// numériques de travail") the private addresses ENTPersonAutresMails and
// ENTPersonMailDiffusion are subtypes of mail; those must never count.
//
// A sender is designated when a designation group has as its member the sender's
// entry, or the entry of the sender's school. That is asked from the group's side,
// which needs no memberOf overlay on the server, and for all senders together:
// package roster decides who is premium.
//
// # Who is meant
//
// Directories name persons in many ways, and [Schema] tells in which attributes: by
// DN, by professional address, by login, by an LDAP URL (RFC 4516) or a mailto URL
// (RFC 6068), or by a group. A group stands for its members, and a group among
// those for nobody: its own members are not followed. All are found as the entries
// that user_filter finds for some login, so that whoever is named is named as the
// sender who logs in: by [quota.Sender.ID]. Entries outside base are nobody's, and
// are not asked for; nor is any server that a URL names. What names nobody is told
// apart from no name: a list whose moderator left has a moderator.
//
// # Schools
//
// A school is written as its UAI ("unité administrative immatriculée", seven
// digits and a letter), with SUPANN's label, or as the DN of its entry, which has
// the UAI. Whichever it is, a sender has the UAI. The entry names the reference
// establishment where several schools share a site (cité scolaire); designations
// count there. What a school's entry said is remembered for an hour, so that a
// sender costs one search, the first of a school perhaps two.
//
// # Proof
//
// A filter on an attribute that the server does not know is no error: it finds
// nothing (RFC 4511 section 4.5.1.7). [Prove] compares what the configuration names
// with the schema that each server publishes (RFC 4512 section 4.2).
//
// # Memory
//
// An answer is certain for ttl, or negative_ttl when there is no one entry, and is
// given from memory. Because a refusal may rest on it, it is never older than that
// without saying so. Nobody who writes often waits all the same: in the last
// quarter of its ttl, at an age drawn for each, an answer that is used is asked for
// again in the background, once. Thus a thousand answers learnt in one minute
// are not asked for again in one minute either.
//
// An answer older than ttl waits for a search; one that was idle costs that once.
// There is one search at a time for each key, for all who wait; it has a deadline
// of its own, and does not die with the client that asked first. When it fails, or
// takes longer than a quarter of timeout, what was last known is served, for up to
// stale_for, marked as stale: with that a message may pass, or be asked to come
// back, and not be refused for good. The search goes on for those who come next.
// That nobody was found is never served stale: an outage must not turn into a
// refusal.
//
// # Connections
//
// All searches travel on one connection, to the first server that is well. LDAP
// multiplexes them at no loss against several connections, so a pool would
// bring nothing. A connection is made once its server has answered a search on it. It
// is replaced when it breaks, or when it stays silent for half of a search's
// time, which leaves the other half for the next. While it answers other searches,
// one that takes too long is given up alone.
//
// A server that cannot be connected to, or whose connection fails twice with no
// answer in between, or falls silent where another server is left, is down: no
// look-up asks it. In the background it is tried again after a second, then after
// pauses twice as long each, up to 30 s, until it answers. While all are down, a
// look-up fails at once. When a server further in front is well again, new
// searches go there, and those under way end where they are.
//
// # A file
//
// A directory in a file is read again one second after it changed, since half of
// a TOML file may be a TOML file too. What was known before answers until then,
// and, marked as stale, while the file has mistakes. To be quite safe, a file is
// replaced by renaming another to it.
package ldapcache
