package ldapcache

import "sync/atomic"

// Stats is how a directory in LDAP has fared since it was opened.
type Stats struct {
	// Senders counts the look-ups of senders.
	Senders CacheStats
	// Lists counts those of addresses that may be lists; one of its searches asks
	// about many.
	Lists CacheStats
	// Servers are in the order of the configuration.
	Servers []ServerStats
}

// CacheStats counts look-ups, by how they were answered, and searches.
type CacheStats struct {
	// Hits were answered from memory, for certain.
	Hits uint64
	// Misses waited for a search, which answered for certain.
	Misses uint64
	// Stale were answered with what was known once, when a search failed or took
	// long.
	Stale uint64
	// Unavailable were not answered.
	Unavailable uint64
	// Searches were begun, each for all who wait for one key; Errors of them
	// failed.
	Searches, Errors uint64
	// Entries is how many answers are remembered now.
	Entries int
}

// ServerStats is how one server fares now.
type ServerStats struct {
	// URL is as configured.
	URL string
	// Up is false from a failure on until the server has answered again; in
	// between no look-up waits for it.
	Up bool
	// InUse reports whether look-ups go to this server.
	InUse bool
}

// counts are those of a CacheStats.
type counts struct {
	hits, misses, stale, unavailable, searches, errors atomic.Uint64
}

func (c *cache[V]) stats() CacheStats {
	return CacheStats{
		Hits:        c.counts.hits.Load(),
		Misses:      c.counts.misses.Load(),
		Stale:       c.counts.stale.Load(),
		Unavailable: c.counts.unavailable.Load(),
		Searches:    c.counts.searches.Load(),
		Errors:      c.counts.errors.Load(),
		Entries:     c.entries.Len(),
	}
}

func (c *client) stats() []ServerStats {
	c.mu.Lock()
	defer c.mu.Unlock()
	all := make([]ServerStats, len(c.servers))
	for i, s := range c.servers {
		all[i] = ServerStats{URL: s.url, Up: c.health[i].down == nil, InUse: c.conn != nil && c.conn.index == i}
	}
	return all
}
