package ldapcache

import (
	"sync/atomic"

	"github.com/rcptquota/rcptquota/ldapcache/ldap/failover"
)

// Stats are the numbers of a directory in LDAP since it was opened.
type Stats struct {
	// Senders counts the look-ups of senders.
	Senders CacheStats
	// Lists counts those of addresses that may be lists; one of its searches asks
	// about many.
	Lists CacheStats
	// Servers are in the order of the configuration.
	Servers []failover.ServerStats
}

// CacheStats counts look-ups, by how they were answered, and searches.
type CacheStats struct {
	// Hits were answered from memory with fresh answers.
	Hits uint64
	// Misses waited for a search that succeeded.
	Misses uint64
	// Stale were answered with an old answer, as a search failed or took long.
	Stale uint64
	// Unavailable were not answered.
	Unavailable uint64
	// Searches is how many were begun, each for all who wait for one key; Errors is
	// how many of them failed.
	Searches, Errors uint64
	// Entries is how many answers are remembered now.
	Entries int
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
