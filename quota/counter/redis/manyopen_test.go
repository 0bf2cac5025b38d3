//go:build servers

package redis

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/rcptquota/rcptquota/quota"
	"github.com/rcptquota/rcptquota/quota/counter/countertest"
	"github.com/rcptquota/rcptquota/quota/counter/underway"
	"github.com/rcptquota/rcptquota/test/servers"
)

func TestManyOpen(t *testing.T) {
	countertest.ManyOpen(t, openRedis(t, countertest.RedisConfig(t, servers.StartRedis(t).Address())))
}

func TestChangesOfClass(t *testing.T) {
	countertest.ChangesOfClass(t, openRedis(t, countertest.RedisConfig(t, servers.StartRedis(t).Address())))
}

func TestKeepsNoMoreThanItNeeds(t *testing.T) {
	server := servers.StartRedis(t)
	r, client := openRedis(t, countertest.RedisConfig(t, server.Address())), countertest.Direct(t, server)
	key := r.Keys("anne")[1]
	now := time.Now().UnixMicro()
	for from := 0; from < underway.MaxMessages+500; from += 1000 {
		var some []redis.Z
		for i := from; i < from+1000; i++ {
			some = append(some, redis.Z{Score: float64(now - 2*underway.MaxMessages + int64(i)), Member: fmt.Sprintf("1:%d", i)})
		}
		client.ZAdd(t.Context(), key, some...)
	}
	windows := []quota.Window{{Per: time.Hour, Recipients: quota.MaxRecipients, Count: quota.Copies}}
	count, err := r.Reserve(t.Context(), countertest.ToReserve("anne", "a", windows, countertest.People(0, 1)))
	if n := client.ZCard(t.Context(), key).Val(); err != nil || count.Exceeded != 0 || count.Used != underway.MaxMessages || n != underway.MaxMessages {
		t.Errorf("%+v, %v; %d messages are kept", count, err, n)
	}
}

// A time to live does not shrink when a relay has shorter windows.
func TestTimeToLiveNeverShrinks(t *testing.T) {
	server := servers.StartRedis(t)
	r, client := openRedis(t, countertest.RedisConfig(t, server.Address())), countertest.Direct(t, server)
	countertest.MustReserve(t, r, countertest.ToReserve("anne", "a", countertest.Rulebooks(24 * time.Hour)[3], countertest.People(0, 1)))
	countertest.MustReserve(t, r, countertest.ToReserve("anne", "b", countertest.Rulebooks(time.Second)[3], countertest.People(0, 1)))
	for _, key := range r.Keys("anne") {
		if ttl := client.PTTL(t.Context(), key).Val(); ttl < 24*time.Hour {
			t.Errorf("%s expires in %v", key, ttl)
		}
	}
}

// How much a release reads in Redis depends on its message, not on how many others
// are open.
func TestReleaseReadsItsMessageOnly(t *testing.T) {
	server := servers.StartRedis(t)
	r, client := openRedis(t, countertest.RedisConfig(t, server.Address())), countertest.Direct(t, server)
	sent := func(open int) int {
		sender := fmt.Sprint("sender", open)
		for i := range open {
			countertest.MustReserve(t, r, countertest.ToReserve(sender, fmt.Sprint(i), countertest.Generous, countertest.People(0, 50)))
		}
		before := commandsInScripts(t, client)
		countertest.MustSettle(t, r, quota.Ticket{Sender: sender, ID: "0"}, false)
		return commandsInScripts(t, client) - before
	}
	sent(2)
	if few, many := sent(3), sent(90); many != few {
		t.Errorf("%d commands with 3 open, %d with 90", few, many)
	}
}

// commandsInScripts is how many commands on keys the server has run.
func commandsInScripts(t *testing.T, client *redis.Client) int {
	t.Helper()
	calls := 0
	for line := range strings.Lines(client.Info(t.Context(), "commandstats").Val()) {
		name, stats, _ := strings.Cut(strings.TrimPrefix(line, "cmdstat_"), ":")
		if name[0] == 'h' || name[0] == 'z' {
			var n int
			if _, err := fmt.Sscanf(stats, "calls=%d,", &n); err != nil {
				t.Fatal(err)
			}
			calls += n
		}
	}
	return calls
}
