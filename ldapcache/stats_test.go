package ldapcache

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/rcptquota/rcptquota/quota"
)

func TestStats(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := &oracle{}
		d := testDirectory(t, o)
		for _, step := range []struct {
			what  string
			wait  time.Duration
			err   error // of the directory
			login string
			want  CacheStats
		}{
			{"first asked for", 0, nil, "x", CacheStats{Misses: 1, Searches: 1, Entries: 1}},
			{"remembered", time.Minute, errDown, "x", CacheStats{Hits: 1, Misses: 1, Searches: 1, Entries: 1}},
			{"unknown in an outage", 0, errDown, "y", CacheStats{Hits: 1, Misses: 1, Unavailable: 1, Searches: 2, Errors: 1, Entries: 1}},
			{"known in an outage", 4 * time.Minute, errDown, "x", CacheStats{Hits: 1, Misses: 1, Unavailable: 1, Stale: 1, Searches: 3, Errors: 2, Entries: 1}},
			{"absent", 0, quota.ErrAbsent, "y", CacheStats{Hits: 1, Misses: 2, Unavailable: 1, Stale: 1, Searches: 4, Errors: 2, Entries: 2}},
			{"remembered as absent", 0, nil, "y", CacheStats{Hits: 2, Misses: 2, Unavailable: 1, Stale: 1, Searches: 4, Errors: 2, Entries: 2}},
			{"no login", 0, nil, "", CacheStats{Hits: 2, Misses: 2, Unavailable: 1, Stale: 1, Searches: 4, Errors: 2, Entries: 2}},
		} {
			pass(step.wait)
			o.set(quota.Sender{}, step.err)
			_, _ = d.Sender(t.Context(), step.login) // other tests are about what it says
			synctest.Wait()
			if got := d.Stats().Senders; got != step.want {
				t.Errorf("%s: %+v, want %+v", step.what, got, step.want)
			}
		}
	})
}
