// Package failover keeps a connection to the first of several LDAP servers that
// works.
//
// All searches travel on one connection. LDAP multiplexes them (RFC 4511 section
// 3.1) as fast as several connections would, so a pool would bring nothing. A new
// connection is used once its server has answered a search on it. It is replaced
// when it breaks, or when it stays silent for half of a search's time, which leaves
// the other half for the next connection. While a connection answers other
// searches, one that takes too long is given up alone.
//
// A server is down when it cannot be connected to, when its connection fails twice
// with no answer in between, or when it falls silent while another server is up. No
// search asks it then. In the background it is tried again after a second, then
// after pauses twice as long each, up to 30 s, until it answers. While all servers
// are down, a search fails at once. When a server further in front is up again, new
// searches go there, and those under way end where they are.
package failover
