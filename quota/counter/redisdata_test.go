//go:build servers

package counter

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rcptquota/rcptquota/quota"
	"github.com/rcptquota/rcptquota/test/servers"
)

func people(from, to int) []int {
	var list []int
	for i := from; i < to; i++ {
		list = append(list, i)
	}
	return list
}

func mustReserve(t *testing.T, c quota.Counter, r *quota.Reservation) quota.Count {
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

func mustSettle(t *testing.T, c quota.Counter, ticket quota.Ticket, commit bool) {
	t.Helper()
	if err := c.Settle(t.Context(), ticket, commit); err != nil {
		t.Fatal(err)
	}
}

func TestRedisIsAskedOnce(t *testing.T) {
	server := servers.StartRedis(t)
	r, client := openRedis(t, redisConfig(t, server.Address())), direct(t, server)
	windows := rulebooks(time.Hour)[3]
	reserve := func(id string) {
		t.Helper()
		mustReserve(t, r, toReserve("anne", id, windows, people(0, 1)))
	}
	reserve("first")
	mustSettle(t, r, quota.Ticket{Sender: "anne", ID: "first"}, true)
	client.ConfigResetStat(t.Context())
	reserve("a")
	mustSettle(t, r, quota.Ticket{Sender: "anne", ID: "a"}, true)
	reserve("b")
	if calls := evaluations(t, client); calls != 2 {
		t.Errorf("%d commands for two messages", calls)
	}
	if k := stored(t, client, r.keys("anne")); !slices.Equal(k.open, []string{"b"}) || k.state["rb"] == "" || k.state["ra"] != "" {
		t.Errorf("after the next message: %v", k)
	}
	mustSettle(t, r, quota.Ticket{Sender: "anne", ID: "b"}, false)
	mustSettle(t, r, quota.Ticket{Sender: "anne", ID: "a"}, false) // it is committed
	if calls := evaluations(t, client); calls != 5 {
		t.Errorf("%d commands for two messages and two releases, the first with its script", calls)
	}
	client.ScriptFlush(t.Context())
	reserve("c")
	if calls := evaluations(t, client); calls != 7 {
		t.Errorf("%d commands, two of them after the scripts were forgotten", calls)
	}
	if total := stored(t, client, r.keys("anne")).total(); total != 3 {
		t.Errorf("%d copies of the three messages that are committed", total)
	}
}

func TestRedisForgets(t *testing.T) {
	server := servers.StartRedis(t)
	r, client := openRedis(t, redisConfig(t, server.Address())), direct(t, server)
	windows := []quota.Window{
		{Per: time.Minute, Recipients: 100, Count: quota.Distinct},
		{Per: time.Hour, Recipients: 1000, Count: quota.Copies},
	}
	for i := range 10 {
		mustReserve(t, r, toReserve("anne", fmt.Sprint(i), windows, people(0, 1+9*i)))
		mustSettle(t, r, quota.Ticket{Sender: "anne", ID: fmt.Sprint(i)}, i%3 > 0)
	}
	keys := r.keys("anne")
	for i, want := range []time.Duration{time.Minute, time.Hour, openLife} {
		if ttl := client.PTTL(t.Context(), keys[i]).Val(); ttl > want+time.Minute/4+time.Millisecond || ttl < want-30*time.Second {
			t.Errorf("%s expires in %v, want %v", keys[i], ttl, want)
		}
	}
	if k := stored(t, client, keys); len(k.reached) > 100 || len(k.messages) > 10 || len(k.state) > 4+2 {
		t.Errorf("Redis holds %d recipients, %d messages, %v", len(k.reached), len(k.messages), k.state)
	}
}

func TestRedisForgetsAfterTheWindow(t *testing.T) {
	server := servers.StartRedis(t)
	r, client := openRedis(t, redisConfig(t, server.Address())), direct(t, server)
	windows := rulebooks(20 * time.Millisecond)[3]
	mustReserve(t, r, toReserve("anne", "a", windows, people(0, 5)))
	if !servers.Wait(func() bool { return client.DBSize(t.Context()).Val() == 1 }) {
		t.Errorf("left: %v", client.Keys(t.Context(), "*").Val())
	}
}

// Reservations that nobody commits or releases are not kept for ever.
func TestRedisForgetsOpenReservations(t *testing.T) {
	server := servers.StartRedis(t)
	r, client := openRedis(t, redisConfig(t, server.Address())), direct(t, server)
	windows := rulebooks(time.Hour)[0]
	mustReserve(t, r, toReserve("anne", "lost", windows, people(0, 1)))
	mustReserve(t, r, toReserve("anne", "recent", windows, people(0, 1)))
	state := r.keys("anne")[2]
	old := fmt.Sprintf("lost %d 1;", time.Now().Add(-7*time.Hour).UnixMicro())
	recent := client.HGet(t.Context(), state, "open").Val()
	recent = recent[strings.Index(recent, ";")+1:]
	client.HSet(t.Context(), state, "open", old+recent, "due", "0")
	mustReserve(t, r, toReserve("anne", "next", windows, people(0, 1)))
	if k := stored(t, client, r.keys("anne")); !slices.Equal(k.open, []string{"recent", "next"}) || k.state["rlost"] != "" || k.state["olost"] != "" {
		t.Errorf("left: %v", k)
	}
}

func uint64Bytes(v int64) []byte {
	b := make([]byte, 8)
	for i := range b {
		b[i] = byte(v >> (56 - 8*i))
	}
	return b
}

func TestRedisLearnsNoNames(t *testing.T) {
	server := servers.StartRedis(t)
	r, client := openRedis(t, redisConfig(t, server.Address())), direct(t, server)
	const odd = "anne}{:\x00\xff\"\r\n*\xe9@example.org"
	var dump []byte
	for _, login := range []string{odd, "r1@example.org"} {
		mustReserve(t, r, toReserve(login, "a", rulebooks(time.Hour)[3], people(0, 5)))
		mustReserve(t, r, toReserve(login, "b", rulebooks(time.Hour)[3], people(0, 4)))
		dump = fmt.Append(dump, stored(t, client, r.keys(login)))
	}
	keys := client.Keys(t.Context(), "*").Val()
	if len(keys) != 6 {
		t.Errorf("keys of two senders: %q", keys)
	}
	for _, key := range keys {
		dump = fmt.Append(dump, key, client.Dump(t.Context(), key).Val())
	}
	for _, name := range []string{"anne", "r1", "example", "r1@"} {
		if bytes.Contains(dump, []byte(name)) {
			t.Errorf("the dump holds %q", name)
		}
	}
}

func TestRedisReservationsOfFiveThousand(t *testing.T) {
	server := servers.StartRedis(t)
	r, client := openRedis(t, redisConfig(t, server.Address())), direct(t, server)
	windows := []quota.Window{
		{Per: time.Hour, Recipients: 7500, Count: quota.Distinct},
		{Per: 2 * time.Hour, Recipients: 100_000, Count: quota.Copies},
	}
	mustReserve(t, r, toReserve("anne", "a", windows, people(0, 5000)))
	mustReserve(t, r, toReserve("anne", "b", windows, people(2500, 7500)))
	count, err := r.Reserve(t.Context(), toReserve("anne", "c", windows, people(7000, 12_000)))
	if err != nil || count.Exceeded != 0 || count.Used != 7500 {
		t.Errorf("full: %+v, %v", count, err)
	}
	mustSettle(t, r, quota.Ticket{Sender: "anne", ID: "b"}, false)
	k := stored(t, client, r.keys("anne"))
	if len(k.reached) != 5000 || k.total() != 5000 {
		t.Errorf("after the release: %d recipients, %d copies", len(k.reached), k.total())
	}
	mustSettle(t, r, quota.Ticket{Sender: "anne", ID: "a"}, false)
	if k := stored(t, client, r.keys("anne")); len(k.reached) != 0 || k.total() != 0 {
		t.Errorf("after both releases: %d recipients, %d copies", len(k.reached), k.total())
	}
}

// A message above its window's limit, which the policy refuses by itself, does
// not stop Redis for ever.
func TestRedisAboveTheLimit(t *testing.T) {
	r := openRedis(t, redisConfig(t, servers.StartRedis(t).Address()))
	for _, kind := range []quota.CountKind{quota.Distinct, quota.Copies} {
		windows := []quota.Window{{Per: time.Hour, Recipients: 3, Count: kind}}
		mustReserve(t, r, toReserve(kind.String(), "a", windows, people(0, 2)))
		count, err := r.Reserve(t.Context(), toReserve(kind.String(), "b", windows, people(5, 10)))
		if err != nil || count.Exceeded != 0 || count.Used != 2 {
			t.Errorf("%+v, %v", count, err)
		}
	}
}
