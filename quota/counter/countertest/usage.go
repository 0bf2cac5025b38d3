package countertest

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/rcptquota/rcptquota/quota"
)

// Usage checks that a store tells how full windows are, and that asking counts nothing.
func Usage(t *testing.T, c interface {
	quota.Counter
	Usage(ctx context.Context, sender string, windows []quota.Window) ([]int, error)
}) {
	t.Helper()
	windows := []quota.Window{
		{Per: time.Hour, Recipients: 100, Count: quota.Distinct},
		{Per: time.Hour, Recipients: 100, Count: quota.Copies},
	}
	for _, step := range []struct {
		id       string
		from, to int
		keep     bool
		want     []int
	}{
		{id: "none", want: []int{0, 0}},
		{id: "a", from: 0, to: 10, keep: true, want: []int{10, 10}},
		{id: "b", from: 5, to: 15, keep: true, want: []int{15, 20}},
		{id: "c", from: 20, to: 40, keep: false, want: []int{15, 20}},
	} {
		if step.to > 0 {
			m := ToReserve("usage", step.id, windows, People(step.from, step.to))
			MustReserve(t, c, m)
			MustSettle(t, c, m.Ticket, step.keep)
		}
		for range 2 {
			if got, err := c.Usage(t.Context(), "usage", windows); !slices.Equal(got, step.want) || err != nil {
				t.Errorf("after %s: %v, %v; want %v", step.id, got, err, step.want)
			}
		}
	}
}
