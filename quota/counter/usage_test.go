//go:build servers

package counter

import (
	"slices"
	"testing"

	"github.com/rcptquota/rcptquota/quota/counter/countertest"
	"github.com/rcptquota/rcptquota/test/servers"
)

// TestUsage: with Redis, and of what this relay counted alone.
func TestUsage(t *testing.T) {
	server := servers.StartRedis(t)
	f := openFallback(t, redisConfig(t, server.Address()), t.TempDir())
	countertest.Usage(t, f)
	server.Stop()
	m := countertest.ToReserve("alone", "a", countertest.Generous, countertest.People(0, 3))
	if count := countertest.MustReserve(t, f, m); count.Degraded == nil {
		t.Error("counted in Redis")
	}
	if got, err := f.Usage(t.Context(), "alone", m.Windows); err != nil || slices.Max(got) != 3 {
		t.Errorf("while Redis is away: %v, %v", got, err)
	}
	server.Start()
	if !servers.Wait(func() bool { return f.Away() == nil }) {
		t.Fatal("Redis stays away")
	}
	if got, err := f.Usage(t.Context(), "alone", m.Windows); err != nil || slices.Max(got) != 3 {
		t.Errorf("once Redis is back: %v, %v", got, err)
	}
}
