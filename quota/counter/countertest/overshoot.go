package countertest

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/rcptquota/rcptquota/quota"
)

// Accepted is a message that was counted.
type Accepted struct {
	At time.Time
	N  int // recipients
}

// Attempt reserves messages of one sender from many goroutines at once, each
// as often as told, with every counter, and returns those that were counted.
func Attempt(t *testing.T, counters []quota.Counter, goroutines, times int, windows []quota.Window) []Accepted {
	t.Helper()
	var mu sync.Mutex
	var all []Accepted
	var wg sync.WaitGroup
	for i, c := range counters {
		for g := range goroutines {
			wg.Go(func() {
				random := rand.New(rand.NewPCG(uint64(i), uint64(g)))
				for k := range times {
					r := ToReserve("anne", fmt.Sprintf("%d/%d/%d", i, g, k), windows, random.Perm(60)[:1+random.IntN(30)])
					count, err := c.Reserve(t.Context(), r)
					if err != nil {
						t.Error(err)
						return
					}
					if count.Exceeded < 0 {
						mu.Lock()
						all = append(all, Accepted{count.At, r.N})
						mu.Unlock()
						if err := c.Settle(t.Context(), r.Ticket, true); err != nil {
							t.Error(err)
						}
					}
				}
			})
		}
	}
	wg.Wait()
	slices.SortFunc(all, func(a, b Accepted) int { return a.At.Compare(b.At) })
	return all
}

// Fullest is the most copies that any rolling period held; all is sorted.
func Fullest(all []Accepted, per time.Duration) int {
	most, held, first := 0, 0, 0
	for _, a := range all {
		held += a.N
		for !all[first].At.After(a.At.Add(-per)) {
			held -= all[first].N
			first++
		}
		most = max(most, held)
	}
	return most
}

// Overshoot sends from many goroutines at once, and checks that no rolling period holds
// more copies than the window allows. A fifth of the messages are released. It returns
// how many copies were accepted.
func Overshoot(t *testing.T, counters []quota.Counter, goroutines, attempts int) int {
	t.Helper()
	const per, limit = 100 * time.Millisecond, 200
	windows := []quota.Window{{Per: per, Recipients: limit, Count: quota.Copies}}
	var mu sync.Mutex
	var all []Accepted
	var wg sync.WaitGroup
	for g := range goroutines {
		wg.Go(func() {
			for i := range attempts {
				r := ToReserve("anne", fmt.Sprint(g, "/", i), windows, People(0, 1+(g*7+i*13)%40))
				c := counters[g%len(counters)]
				count, err := c.Reserve(t.Context(), r)
				if err != nil {
					t.Error(err)
					return
				}
				if count.Exceeded >= 0 {
					continue
				}
				committed := i%5 > 0
				if err := c.Settle(t.Context(), r.Ticket, committed); err != nil {
					t.Error(err)
				}
				if committed {
					mu.Lock()
					all = append(all, Accepted{count.At, r.N})
					mu.Unlock()
				}
			}
		})
	}
	wg.Wait()
	slices.SortFunc(all, func(a, b Accepted) int { return a.At.Compare(b.At) })
	if most := Fullest(all, per); most > limit {
		t.Fatalf("%d copies in %v", most, per)
	}
	total := 0
	for _, a := range all {
		total += a.N
	}
	return total
}
