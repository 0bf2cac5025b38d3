package countertest

import (
	"fmt"
	"iter"
	"testing"
	"time"

	"github.com/rcptquota/rcptquota/quota"
)

// Addresses yields an address for each of the people.
func Addresses(people []int) iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, p := range people {
			if !yield(fmt.Sprintf("r%d@example.org", p)) {
				return
			}
		}
	}
}

// People lists those from from up to, not including, to.
func People(from, to int) []int {
	var list []int
	for i := from; i < to; i++ {
		list = append(list, i)
	}
	return list
}

// ToReserve is a message of a sender to the people.
func ToReserve(sender, id string, windows []quota.Window, people []int) *quota.Reservation {
	return &quota.Reservation{
		Ticket: quota.Ticket{Sender: sender, ID: id}, Windows: windows, Recipients: Addresses(people), N: len(people),
	}
}

// MustReserve reserves a message that fits.
func MustReserve(t testing.TB, c quota.Counter, r *quota.Reservation) quota.Count {
	t.Helper()
	count, err := c.Reserve(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	if count.Exceeded >= 0 {
		t.Fatalf("%s: exceeded: %+v", r.ID, count)
	}
	return count
}

// MustSettle commits or releases a message.
func MustSettle(t testing.TB, c quota.Counter, ticket quota.Ticket, commit bool) {
	t.Helper()
	if err := c.Settle(t.Context(), ticket, commit); err != nil {
		t.Fatal(err)
	}
}

// Rulebooks are sets of windows that the steps are tried with; unit is the
// length of the shortest period.
func Rulebooks(unit time.Duration) [][]quota.Window {
	distinct := func(per time.Duration, n int) quota.Window {
		return quota.Window{Per: per, Recipients: n, Count: quota.Distinct}
	}
	copies := func(per time.Duration, n int) quota.Window {
		return quota.Window{Per: per, Recipients: n, Count: quota.Copies}
	}
	return [][]quota.Window{
		{distinct(unit, 10)},
		{copies(unit, 12)},
		{distinct(unit, 8), distinct(5*unit, 20)},
		{copies(unit, 9), distinct(3*unit, 15), copies(10*unit, 40)},
	}
}

// Generous are windows that hold everything that a test sends.
var Generous = []quota.Window{
	{Per: time.Hour, Recipients: 1_000_000, Count: quota.Distinct},
	{Per: time.Hour, Recipients: 10_000_000, Count: quota.Copies},
}
