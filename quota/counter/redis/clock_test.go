//go:build servers

package redis

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/rcptquota/rcptquota/quota"
	"github.com/rcptquota/rcptquota/quota/counter/countertest"
	"github.com/rcptquota/rcptquota/quota/counter/underway"
	"github.com/rcptquota/rcptquota/test/servers"
)

// year is how far a clock may be ahead.
const year = 365 * 24 * time.Hour

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

func TestAfterAClockAhead(t *testing.T) {
	server := servers.StartRedis(t)
	r, client := openRedis(t, countertest.RedisConfig(t, server.Address())), countertest.Direct(t, server)
	windows := []quota.Window{
		{Per: time.Hour, Recipients: 10, Count: quota.Distinct},
		{Per: time.Hour, Recipients: 12, Count: quota.Copies},
	}
	countertest.MustReserve(t, r, countertest.ToReserve("anne", "a", windows, countertest.People(0, 6)))
	countertest.MustReserve(t, r, countertest.ToReserve("anne", "b", windows, countertest.People(6, 10)))
	ahead(t, client, r.Keys("anne"))
	now := time.Now()
	count, err := r.Reserve(t.Context(), countertest.ToReserve("anne", "full", windows, countertest.People(0, 3)))
	if err != nil || count.Exceeded != 1 || count.Used != 10 || count.RetryAt.Sub(now.Add(time.Hour)).Abs() > time.Minute {
		t.Errorf("%+v, %v; room an hour after %v", count, err, now)
	}
	countertest.MustSettle(t, r, quota.Ticket{Sender: "anne", ID: "b"}, false)
	count = countertest.MustReserve(t, r, countertest.ToReserve("anne", "c", windows, countertest.People(6, 10)))
	if count.At.Sub(now).Abs() > time.Minute {
		t.Errorf("counted at %v", count.At)
	}
	countertest.MustSettle(t, r, quota.Ticket{Sender: "anne", ID: "a"}, false)
	countertest.MustSettle(t, r, quota.Ticket{Sender: "anne", ID: "c"}, false)
	countertest.MustReserve(t, r, countertest.ToReserve("anne", "d", windows, countertest.People(0, 1)))
	for _, key := range r.Keys("anne") {
		if ttl := client.PTTL(t.Context(), key).Val(); ttl <= 0 || ttl > underway.Life+2*time.Hour {
			t.Errorf("%s expires in %v", key, ttl)
		}
	}
	if k := countertest.Stored(t, client, r.Keys("anne")); len(k.Reached) != 1 || k.Total() != 1 || len(k.Open) != 1 {
		t.Errorf("left: %v", k)
	}
}

// A clock that is put right in two steps forgets nothing, even if no message fits
// between them.
func TestAfterAClockAheadTwice(t *testing.T) {
	server := servers.StartRedis(t)
	r, client := openRedis(t, countertest.RedisConfig(t, server.Address())), countertest.Direct(t, server)
	windows := []quota.Window{{Per: time.Hour, Recipients: 10, Count: quota.Copies}}
	countertest.MustReserve(t, r, countertest.ToReserve("anne", "a", windows, countertest.People(0, 10)))
	for i := range 2 {
		ahead(t, client, r.Keys("anne"))
		count, err := r.Reserve(t.Context(), countertest.ToReserve("anne", strconv.Itoa(i), windows, countertest.People(0, 1)))
		if err != nil || count.Exceeded != 0 || count.Used != 10 {
			t.Errorf("%+v, %v", count, err)
		}
	}
}
