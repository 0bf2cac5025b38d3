//go:build servers

package roster

import (
	"fmt"
	"log/slog"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/rcptquota/rcptquota/ldapcache/roster/store"
	"github.com/rcptquota/rcptquota/test/servers"
)

// connect opens a client that leaves nothing behind.
func connect(t *testing.T, options *redis.UniversalOptions) redis.UniversalClient {
	t.Helper()
	client := redis.NewUniversalClient(options)
	t.Cleanup(func() {
		if err := client.Close(); err != nil {
			t.Error(err)
		}
	})
	return client
}

func TestRedisStore(t *testing.T) {
	client := connect(t, &redis.UniversalOptions{Addrs: []string{servers.StartRedis(t).Address()}})
	testStore(t, func() Store { return store.NewRedis(client) })
}

func TestRedisStoreInACluster(t *testing.T) {
	var addresses []string
	for _, node := range servers.StartRedisCluster(t) {
		addresses = append(addresses, node.Address())
	}
	client := connect(t, &redis.UniversalOptions{Addrs: addresses})
	testStore(t, func() Store { return store.NewRedis(client) })
}

func TestRedisStoreBehindSentinels(t *testing.T) {
	sentinel := servers.StartRedisSentinel(t, "main", servers.StartRedis(t))
	client := connect(t, &redis.UniversalOptions{Addrs: []string{sentinel.Address()}, MasterName: "main"})
	testStore(t, func() Store { return store.NewRedis(client) })
}

// rights are those of the ACL user in deploy/postfix/configuration.md: to count, and for the roster.
const rights = "~rcptquota:* +@connection +@hash +@sortedset +evalsha +eval +time +pexpire +pttl +get +set"

// TestRedisStoreWithItsRights needs no other rights than an ACL user gets.
func TestRedisStoreWithItsRights(t *testing.T) {
	server := servers.StartRedis(t)
	admin := connect(t, &redis.UniversalOptions{Addrs: []string{server.Address()}})
	user := append([]any{"ACL", "SETUSER", "relay", "on", ">secret"}, anys(strings.Fields(rights))...)
	if err := admin.Do(t.Context(), user...).Err(); err != nil {
		t.Fatal(err)
	}
	client := connect(t, &redis.UniversalOptions{Addrs: []string{server.Address()}, Username: "relay", Password: "secret"})
	testStore(t, func() Store { return store.NewRedis(client) })
}

func anys(words []string) (all []any) {
	for _, word := range words {
		all = append(all, word)
	}
	return all
}

// keeping starts a keeper with one designated sender, whose clock is ahead.
func keeping(t *testing.T, store Store, sender string, ahead time.Duration, log *logBuffer) *Keeper {
	t.Helper()
	source := &school{}
	source.enter(sender, "0310001A")
	keeper, err := NewWeekly(DefaultConfig(), source, store, slog.New(slog.NewTextHandler(log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	keeper.clock = func() time.Time { return time.Now().Add(ahead) }
	start(t, keeper)
	return keeper
}

// TestARelayWhoseClockIsNotThatOfRedis stores nothing, whether there is a roster
// already or not, and says what it is about.
func TestARelayWhoseClockIsNotThatOfRedis(t *testing.T) {
	const year = 365 * 24 * time.Hour
	shared := store.NewRedis(connect(t, &redis.UniversalOptions{Addrs: []string{servers.StartRedis(t).Address()}}))
	for _, ahead := range []time.Duration{year, -year, 2 * time.Minute} {
		log := &logBuffer{}
		expect(t, keeping(t, shared, "bruno", ahead, log), "bruno", false, errClock)
		if text, _, err := shared.Load(t.Context()); text != nil || err != nil || log.lines("level=ERROR msg=roster_clock ") != 1 {
			t.Errorf("stored: %q, %v\n%s", text, err, log.String())
		}
	}
	right := keeping(t, shared, "anne", 30*time.Second, &logBuffer{})
	expect(t, right, "anne", true, nil)
	before, _, err := shared.Load(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, ahead := range []time.Duration{year, -year} {
		wrong := keeping(t, shared, "bruno", ahead, &logBuffer{})
		expect(t, wrong, "anne", true, errClock)
		expect(t, wrong, "bruno", false, errClock)
	}
	if after, _, err := shared.Load(t.Context()); string(after) != string(before) || err != nil {
		t.Errorf("became %s, %v", after, err)
	}
}

// TestARosterOfTheFutureInRedis was stored by a relay whose Redis was wrong too, or
// by an older version.
func TestARosterOfTheFutureInRedis(t *testing.T) {
	shared := store.NewRedis(connect(t, &redis.UniversalOptions{Addrs: []string{servers.StartRedis(t).Address()}}))
	future := time.Now().Add(365 * 24 * time.Hour)
	text, err := State{Current: &Copy{Reason: AtCutoff, Cutoff: future, Taken: future, Effect: time.Now()}}.encode()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := shared.Swap(t.Context(), nil, text); err != nil {
		t.Fatal(err)
	}
	log := &logBuffer{}
	expect(t, keeping(t, shared, "anne", 0, log), "anne", true, nil)
	if state, err := Read(t.Context(), shared); err != nil || state.InFuture(time.Now()) || log.lines("level=ERROR msg=roster_future roster=cutoff ") != 1 {
		t.Errorf("%+v, %v\n%s", state, err, log.String())
	}
}

// TestRelaysOfOneRedisAgree starts relays together, whose directories disagree:
// the copy of one is everybody's.
func TestRelaysOfOneRedisAgree(t *testing.T) {
	client := connect(t, &redis.UniversalOptions{Addrs: []string{servers.StartRedis(t).Address()}})
	keepers := make([]*Keeper, 8)
	var starting sync.WaitGroup
	for i := range keepers {
		source := &school{}
		source.enter(fmt.Sprintf("anne%d", i), "0310001A")
		keeper, err := NewWeekly(DefaultConfig(), source, store.NewRedis(client), slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		keepers[i] = keeper
		starting.Go(func() { start(t, keeper) })
	}
	starting.Wait()
	first := keepers[0].InEffect()
	if first == nil || len(first.Elected) != 1 {
		t.Fatalf("in effect: %+v", first)
	}
	for i, keeper := range keepers {
		if c := keeper.InEffect(); !reflect.DeepEqual(c, first) {
			t.Errorf("relay %d: %+v, not %+v", i, c, first)
		}
		if premium, err := keeper.Premium(first.Elected[0].Sender); !premium || err != nil {
			t.Errorf("relay %d: %v, %v", i, premium, err)
		}
	}
}
