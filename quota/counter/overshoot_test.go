//go:build servers

package counter

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/rcptquota/rcptquota/quota"
	"github.com/rcptquota/rcptquota/test/servers"
)

// accepted is a message that was counted.
type accepted struct {
	at time.Time
	n  int
}

// attempt reserves messages of one sender from many goroutines at once, each
// as often as told, with every counter, and returns those that were counted.
func attempt(t *testing.T, counters []quota.Counter, goroutines, times int, windows []quota.Window) []accepted {
	t.Helper()
	var mu sync.Mutex
	var all []accepted
	var wg sync.WaitGroup
	for i, c := range counters {
		for g := range goroutines {
			wg.Go(func() {
				random := rand.New(rand.NewPCG(uint64(i), uint64(g)))
				for k := range times {
					r := toReserve("anne", fmt.Sprintf("%d/%d/%d", i, g, k), windows, random.Perm(60)[:1+random.IntN(30)])
					count, err := c.Reserve(t.Context(), r)
					if err != nil {
						t.Error(err)
						return
					}
					if count.Exceeded < 0 {
						mu.Lock()
						all = append(all, accepted{count.At, r.N})
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
	slices.SortFunc(all, func(a, b accepted) int { return a.at.Compare(b.at) })
	return all
}

func toReserve(sender, id string, windows []quota.Window, people []int) *quota.Reservation {
	return &quota.Reservation{
		Ticket: quota.Ticket{Sender: sender, ID: id}, Windows: windows, Recipients: addresses(people), N: len(people),
	}
}

// fullest is the most copies that any rolling period held; all is sorted.
func fullest(all []accepted, per time.Duration) int {
	most, held, first := 0, 0, 0
	for _, a := range all {
		held += a.n
		for !all[first].at.After(a.at.Add(-per)) {
			held -= all[first].n
			first++
		}
		most = max(most, held)
	}
	return most
}

func TestTwoClientsNeverOvershoot(t *testing.T) {
	server := servers.StartRedis(t)
	config := redisConfig(t, server.Address())
	first, second := openRedis(t, config), openRedis(t, config)
	mustReserve(t, first, toReserve("bertrand", "brings the script", rulebooks(time.Hour)[0], people(0, 1)))
	client := direct(t, server)
	client.ConfigResetStat(t.Context())
	short := quota.Window{Per: 300 * time.Millisecond, Recipients: 1000, Count: quota.Copies}
	long := quota.Window{Per: time.Hour, Recipients: 10_000_000, Count: quota.Copies}
	all := attempt(t, []quota.Counter{first, second}, 32, 150, []quota.Window{short, long})
	if most := fullest(all, short.Per); most > short.Recipients || most < short.Recipients-30 {
		t.Errorf("the fullest period held %d copies of %d", most, short.Recipients)
	}
	sum := 0
	for _, a := range all {
		sum += a.n
	}
	kept := stored(t, client, first.keys("anne"))
	if total := kept.total(); total != sum || len(kept.messages) != len(all) {
		t.Errorf("Redis holds %d copies of %d messages; %d of %d were accepted", total, len(kept.messages), sum, len(all))
	}
	if calls := evaluations(t, client); calls != 2*32*150 {
		t.Errorf("%d commands for %d reservations", calls, 2*32*150)
	}
}

// kept is what Redis holds of a sender; see common.lua.
type kept struct {
	reached  map[string]int64 // by digest
	messages []accepted
	state    map[string]string
	open     []string // ids
}

func stored(t *testing.T, client redis.Cmdable, keys []string) kept {
	t.Helper()
	k := kept{reached: map[string]int64{}}
	for _, z := range client.ZRangeWithScores(t.Context(), keys[0], 0, -1).Val() {
		k.reached[z.Member.(string)] = int64(z.Score)
	}
	for _, z := range client.ZRangeWithScores(t.Context(), keys[1], 0, -1).Val() {
		number, _, _ := strings.Cut(z.Member.(string), ":")
		n, err := strconv.Atoi(number)
		if err != nil {
			t.Fatalf("%q: %v", z.Member, err)
		}
		k.messages = append(k.messages, accepted{time.UnixMicro(int64(z.Score)), n})
	}
	k.state = client.HGetAll(t.Context(), keys[2]).Val()
	for r := range strings.SplitSeq(k.state["open"], ";") {
		if id, _, found := strings.Cut(r, " "); found {
			k.open = append(k.open, id)
		}
	}
	return k
}

// total adds up the messages.
func (k kept) total() int {
	sum := 0
	for _, m := range k.messages {
		sum += m.n
	}
	return sum
}

// evaluations is how many scripts clients had the server run.
func evaluations(t *testing.T, client *redis.Client) int {
	t.Helper()
	calls := 0
	for line := range strings.Lines(client.Info(t.Context(), "commandstats").Val()) {
		name, stats, _ := strings.Cut(line, ":")
		if strings.HasPrefix(name, "cmdstat_eval") {
			var n int
			if _, err := fmt.Sscanf(stats, "calls=%d,", &n); err != nil {
				t.Fatal(err)
			}
			calls += n
		}
	}
	return calls
}
