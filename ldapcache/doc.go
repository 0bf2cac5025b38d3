// Package ldapcache is the directory: it tells which school a sender belongs
// to, the sender's professional addresses, and whether the sender is premium.
// [Open] gives a [quota.Directory] that asks an LDAP directory (RFC 4511) and
// remembers what it said, or one that reads a small TOML file.
//
// # From a login to a sender
//
// A SASL login is put, escaped, into a search filter (RFC 4515) in the place of
// "%u". Exactly one entry must match: none is [quota.ErrAbsent], several are
// [quota.ErrAmbiguous], and every other outcome means that nothing is known. That
// goes for a server too that has no entry but refers to others (RFC 4511 section
// 4.5.3), where we do not follow: base must be one that it holds whole. The
// professional addresses come from the configured attributes alone. A server
// answers a request for an attribute with its subtypes too (RFC 4511 section
// 4.5.1.8), and in the French ENT (SDET, "schéma directeur des espaces
// numériques de travail") the private addresses ENTPersonAutresMails and
// ENTPersonMailDiffusion are subtypes of mail; those must never count.
//
// A sender is premium when a designation group has as its member the sender's
// entry, or the entry of the sender's school. It is asked from the group's side,
// which needs no memberOf overlay on the server.
//
// # Memory
//
// An answer is used for ttl, or negative_ttl when there is no one entry. Then
// the directory is asked again, by one search at a time for each login; a search
// does not die with the client that asked first. When the directory is
// unavailable, what was last known of a sender is served for up to stale_for,
// marked as stale. That nobody was found is never served stale: an outage must
// not turn into a refusal.
//
// # Connections
//
// All searches travel on one connection, which LDAP multiplexes, at no loss
// against several. It is replaced when it breaks, or when it stays silent for half
// of a search's time, which leaves the other half for the next. While it answers
// other searches, one that takes too long is given up alone.
//
// # A file
//
// A directory in a file is read again one second after it changed, since half of
// a TOML file may be a TOML file too. What was known before answers until then,
// and, marked as stale, while the file has mistakes. To be quite safe, a file is
// replaced by renaming another to it.
package ldapcache
