//go:build servers

package redis

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rcptquota/rcptquota/quota"
	"github.com/rcptquota/rcptquota/quota/counter/countertest"
	"github.com/rcptquota/rcptquota/quota/counter/underway"
	"github.com/rcptquota/rcptquota/test/servers"
)

func TestIsAskedOnce(t *testing.T) {
	server := servers.StartRedis(t)
	r, client := openRedis(t, countertest.RedisConfig(t, server.Address())), countertest.Direct(t, server)
	windows := countertest.Rulebooks(time.Hour)[3]
	reserve := func(id string) {
		t.Helper()
		countertest.MustReserve(t, r, countertest.ToReserve("anne", id, windows, countertest.People(0, 1)))
	}
	reserve("first")
	countertest.MustSettle(t, r, quota.Ticket{Sender: "anne", ID: "first"}, true)
	client.ConfigResetStat(t.Context())
	reserve("a")
	countertest.MustSettle(t, r, quota.Ticket{Sender: "anne", ID: "a"}, true)
	reserve("b")
	if calls := countertest.Evaluations(t, client); calls != 2 {
		t.Errorf("%d commands for two messages", calls)
	}
	if k := countertest.Stored(t, client, r.Keys("anne")); !slices.Equal(k.Open, []string{"b"}) || k.State["rb"] == "" || k.State["ra"] != "" {
		t.Errorf("after the next message: %v", k)
	}
	countertest.MustSettle(t, r, quota.Ticket{Sender: "anne", ID: "b"}, false)
	countertest.MustSettle(t, r, quota.Ticket{Sender: "anne", ID: "a"}, false) // it is committed
	if calls := countertest.Evaluations(t, client); calls != 5 {
		t.Errorf("%d commands for two messages and two releases, the first with its script", calls)
	}
	client.ScriptFlush(t.Context())
	reserve("c")
	if calls := countertest.Evaluations(t, client); calls != 7 {
		t.Errorf("%d commands, two of them after the scripts were forgotten", calls)
	}
	if total := countertest.Stored(t, client, r.Keys("anne")).Total(); total != 3 {
		t.Errorf("%d copies of the three messages that are committed", total)
	}
}

func TestForgets(t *testing.T) {
	server := servers.StartRedis(t)
	r, client := openRedis(t, countertest.RedisConfig(t, server.Address())), countertest.Direct(t, server)
	windows := []quota.Window{
		{Per: time.Minute, Recipients: 100, Count: quota.Distinct},
		{Per: time.Hour, Recipients: 1000, Count: quota.Copies},
	}
	for i := range 10 {
		countertest.MustReserve(t, r, countertest.ToReserve("anne", fmt.Sprint(i), windows, countertest.People(0, 1+9*i)))
		countertest.MustSettle(t, r, quota.Ticket{Sender: "anne", ID: fmt.Sprint(i)}, i%3 > 0)
	}
	keys := r.Keys("anne")
	for i, want := range []time.Duration{time.Minute, time.Hour, underway.Life} {
		if ttl := client.PTTL(t.Context(), keys[i]).Val(); ttl > want+time.Minute/4+time.Millisecond || ttl < want-30*time.Second {
			t.Errorf("%s expires in %v, want %v", keys[i], ttl, want)
		}
	}
	if k := countertest.Stored(t, client, keys); len(k.Reached) > 100 || len(k.Messages) > 10 || len(k.State) > 4+2 {
		t.Errorf("Redis holds %d recipients, %d messages, %v", len(k.Reached), len(k.Messages), k.State)
	}
}

func TestForgetsAfterTheWindow(t *testing.T) {
	server := servers.StartRedis(t)
	r, client := openRedis(t, countertest.RedisConfig(t, server.Address())), countertest.Direct(t, server)
	windows := countertest.Rulebooks(20 * time.Millisecond)[3]
	countertest.MustReserve(t, r, countertest.ToReserve("anne", "a", windows, countertest.People(0, 5)))
	if !servers.Wait(func() bool { return client.DBSize(t.Context()).Val() == 1 }) {
		t.Errorf("left: %v", client.Keys(t.Context(), "*").Val())
	}
}

// Reservations that nobody commits or releases are not kept for ever.
func TestForgetsOpenReservations(t *testing.T) {
	server := servers.StartRedis(t)
	r, client := openRedis(t, countertest.RedisConfig(t, server.Address())), countertest.Direct(t, server)
	windows := countertest.Rulebooks(time.Hour)[0]
	countertest.MustReserve(t, r, countertest.ToReserve("anne", "lost", windows, countertest.People(0, 1)))
	countertest.MustReserve(t, r, countertest.ToReserve("anne", "recent", windows, countertest.People(0, 1)))
	state := r.Keys("anne")[2]
	old := fmt.Sprintf("lost %d 1;", time.Now().Add(-7*time.Hour).UnixMicro())
	recent := client.HGet(t.Context(), state, "open").Val()
	recent = recent[strings.Index(recent, ";")+1:]
	client.HSet(t.Context(), state, "open", old+recent, "due", "0")
	countertest.MustReserve(t, r, countertest.ToReserve("anne", "next", windows, countertest.People(0, 1)))
	if k := countertest.Stored(t, client, r.Keys("anne")); !slices.Equal(k.Open, []string{"recent", "next"}) || k.State["rlost"] != "" || k.State["olost"] != "" {
		t.Errorf("left: %v", k)
	}
}

// Redis knows senders by name, beside their counts, and no recipient.
func TestLearnsNoRecipients(t *testing.T) {
	server := servers.StartRedis(t)
	r, client := openRedis(t, countertest.RedisConfig(t, server.Address())), countertest.Direct(t, server)
	const odd = "anne}{:\x00\xff\"\r\n*\xe9@ecole.test"
	var dump []byte
	for _, login := range []string{odd, "r1@example.org"} {
		countertest.MustReserve(t, r, countertest.ToReserve(login, "a", countertest.Rulebooks(time.Hour)[3], countertest.People(0, 5)))
		countertest.MustReserve(t, r, countertest.ToReserve(login, "b", countertest.Rulebooks(time.Hour)[3], countertest.People(0, 4)))
		dump = fmt.Append(dump, countertest.Stored(t, client, r.Keys(login)))
	}
	keys := client.Keys(t.Context(), "*").Val()
	if len(keys) != 6 {
		t.Errorf("keys of two senders: %q", keys)
	}
	for _, key := range keys {
		dump = fmt.Append(dump, key, client.Dump(t.Context(), key).Val())
	}
	for _, key := range keys {
		if strings.Contains(key, "anne") || strings.Contains(key, "r1@") {
			t.Errorf("the name of the key %q names its sender", key)
		}
	}
	for _, name := range []string{"r0@", "r2@", "r3@", "r4@"} { // r1@ is a sender, too
		if bytes.Contains(dump, []byte(name)) {
			t.Errorf("the dump holds %q", name)
		}
	}
}

func TestReservationsOfFiveThousand(t *testing.T) {
	server := servers.StartRedis(t)
	r, client := openRedis(t, countertest.RedisConfig(t, server.Address())), countertest.Direct(t, server)
	windows := []quota.Window{
		{Per: time.Hour, Recipients: 7500, Count: quota.Distinct},
		{Per: 2 * time.Hour, Recipients: 100_000, Count: quota.Copies},
	}
	countertest.MustReserve(t, r, countertest.ToReserve("anne", "a", windows, countertest.People(0, 5000)))
	countertest.MustReserve(t, r, countertest.ToReserve("anne", "b", windows, countertest.People(2500, 7500)))
	count, err := r.Reserve(t.Context(), countertest.ToReserve("anne", "c", windows, countertest.People(7000, 12_000)))
	if err != nil || count.Exceeded != 0 || count.Used != 7500 {
		t.Errorf("full: %+v, %v", count, err)
	}
	countertest.MustSettle(t, r, quota.Ticket{Sender: "anne", ID: "b"}, false)
	k := countertest.Stored(t, client, r.Keys("anne"))
	if len(k.Reached) != 5000 || k.Total() != 5000 {
		t.Errorf("after the release: %d recipients, %d copies", len(k.Reached), k.Total())
	}
	countertest.MustSettle(t, r, quota.Ticket{Sender: "anne", ID: "a"}, false)
	if k := countertest.Stored(t, client, r.Keys("anne")); len(k.Reached) != 0 || k.Total() != 0 {
		t.Errorf("after both releases: %d recipients, %d copies", len(k.Reached), k.Total())
	}
}

// A message above its window's limit, which the policy refuses by itself, does
// not stop Redis for ever.
func TestAboveTheLimit(t *testing.T) {
	r := openRedis(t, countertest.RedisConfig(t, servers.StartRedis(t).Address()))
	for _, kind := range []quota.CountKind{quota.Distinct, quota.Copies} {
		windows := []quota.Window{{Per: time.Hour, Recipients: 3, Count: kind}}
		countertest.MustReserve(t, r, countertest.ToReserve(kind.String(), "a", windows, countertest.People(0, 2)))
		count, err := r.Reserve(t.Context(), countertest.ToReserve(kind.String(), "b", windows, countertest.People(5, 10)))
		if err != nil || count.Exceeded != 0 || count.Used != 2 {
			t.Errorf("%+v, %v", count, err)
		}
	}
}
