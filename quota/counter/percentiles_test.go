//go:build servers

package counter

import (
	"slices"
	"testing"
	"time"
)

// reportPercentiles reports the middle, the slowest of a hundred, and the slowest.
func reportPercentiles(b *testing.B, took []time.Duration) {
	b.Helper()
	slices.Sort(took)
	ms := func(i int) float64 { return float64(took[min(i, len(took)-1)].Microseconds()) / 1000 }
	b.ReportMetric(ms(len(took)/2), "p50-ms")
	b.ReportMetric(ms(len(took)*99/100), "p99-ms")
	b.ReportMetric(ms(len(took)-1), "worst-ms")
}
