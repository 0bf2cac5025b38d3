//go:build servers

package counter

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/rcptquota/rcptquota/quota"
	"github.com/rcptquota/rcptquota/test/servers"
)

// ahead has what Redis holds of a sender be given out by a clock that was a year
// ahead.
func ahead(t *testing.T, client *redis.Client, keys []string) {
	t.Helper()
	for _, key := range keys[:2] {
		for _, z := range client.ZRangeWithScores(t.Context(), key, 0, -1).Val() {
			z.Score += float64(year.Microseconds())
			client.ZAdd(t.Context(), key, z)
		}
	}
	add := func(text string) string {
		at, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		return strconv.FormatInt(at+year.Microseconds(), 10)
	}
	state := client.HGetAll(t.Context(), keys[2]).Val()
	var open []string
	for r := range strings.SplitSeq(strings.TrimSuffix(state["open"], ";"), ";") {
		fields := strings.Fields(r)
		open = append(open, fields[0]+" "+add(fields[1])+" "+fields[2]+";")
	}
	client.HSet(t.Context(), keys[2], "last", add(state["last"]), "open", strings.Join(open, ""))
	if due, rest, found := strings.Cut(state["due"], " "); found {
		client.HSet(t.Context(), keys[2], "due", add(due)+" "+rest)
	}
	for _, key := range keys {
		client.PExpire(t.Context(), key, year)
	}
}

func TestRedisAfterAClockAhead(t *testing.T) {
	server := servers.StartRedis(t)
	r, client := openRedis(t, redisConfig(t, server.Address())), direct(t, server)
	windows := []quota.Window{
		{Per: time.Hour, Recipients: 10, Count: quota.Distinct},
		{Per: time.Hour, Recipients: 12, Count: quota.Copies},
	}
	mustReserve(t, r, toReserve("anne", "a", windows, people(0, 6)))
	mustReserve(t, r, toReserve("anne", "b", windows, people(6, 10)))
	ahead(t, client, r.keys("anne"))
	now := time.Now()
	count, err := r.Reserve(t.Context(), toReserve("anne", "full", windows, people(0, 3)))
	if err != nil || count.Exceeded != 1 || count.Used != 10 || count.RetryAt.Sub(now.Add(time.Hour)).Abs() > time.Minute {
		t.Errorf("%+v, %v; room an hour after %v", count, err, now)
	}
	mustSettle(t, r, quota.Ticket{Sender: "anne", ID: "b"}, false)
	count = mustReserve(t, r, toReserve("anne", "c", windows, people(6, 10)))
	if count.At.Sub(now).Abs() > time.Minute {
		t.Errorf("counted at %v", count.At)
	}
	mustSettle(t, r, quota.Ticket{Sender: "anne", ID: "a"}, false)
	mustSettle(t, r, quota.Ticket{Sender: "anne", ID: "c"}, false)
	mustReserve(t, r, toReserve("anne", "d", windows, people(0, 1)))
	for _, key := range r.keys("anne") {
		if ttl := client.PTTL(t.Context(), key).Val(); ttl <= 0 || ttl > openLife+2*time.Hour {
			t.Errorf("%s expires in %v", key, ttl)
		}
	}
	if k := stored(t, client, r.keys("anne")); len(k.reached) != 1 || k.total() != 1 || len(k.open) != 1 {
		t.Errorf("left: %v", k)
	}
}

// A clock that is put right in two steps forgets nothing, even if no message fits
// between them.
func TestRedisAfterAClockAheadTwice(t *testing.T) {
	server := servers.StartRedis(t)
	r, client := openRedis(t, redisConfig(t, server.Address())), direct(t, server)
	windows := []quota.Window{{Per: time.Hour, Recipients: 10, Count: quota.Copies}}
	mustReserve(t, r, toReserve("anne", "a", windows, people(0, 10)))
	for i := range 2 {
		ahead(t, client, r.keys("anne"))
		count, err := r.Reserve(t.Context(), toReserve("anne", strconv.Itoa(i), windows, people(0, 1)))
		if err != nil || count.Exceeded != 0 || count.Used != 10 {
			t.Errorf("%+v, %v", count, err)
		}
	}
}
