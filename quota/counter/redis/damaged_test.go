//go:build servers

package redis

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rcptquota/rcptquota/quota"
	"github.com/rcptquota/rcptquota/quota/counter/countertest"
	"github.com/rcptquota/rcptquota/test/servers"
)

// damage puts something of another type into the place of two of the sender's
// three keys, and leaves the third.
func damage(t *testing.T, r *Store, sender string) {
	t.Helper()
	keys := r.Keys(sender)
	for i, args := range [][]any{{"SET", keys[0], "not ours"}, {"RPUSH", keys[2], "not ours"}} {
		r.client.Del(t.Context(), keys[2*i])
		if err := r.client.Do(t.Context(), args...).Err(); err != nil {
			t.Fatal(err)
		}
	}
}

// mends checks that a sender whose keys are damaged is counted again, that nothing
// is lost but what was damaged, and that others are let be.
func mends(t *testing.T, r *Store) {
	t.Helper()
	windows := []quota.Window{{Per: time.Hour, Recipients: 10, Count: quota.Copies}}
	for _, sender := range []string{"anne", "bertrand"} {
		countertest.MustReserve(t, r, countertest.ToReserve(sender, "before", windows, countertest.People(0, 7)))
	}
	damage(t, r, "anne")
	_, err := r.Reserve(t.Context(), countertest.ToReserve("anne", "damaged", windows, countertest.People(0, 1)))
	if meaningOf(err) != senderAlone || !strings.Contains(r.Damaged("anne", err).Error(), "(rcptquota:{"+r.digests.Sender("anne")+"}:*)") {
		t.Errorf("damaged: %v: %v", meaningOf(err), r.Damaged("anne", err))
	}
	for round, want := range []int{2, 0, 2} {
		if round == 2 {
			damage(t, r, "anne")
		}
		if n, err := r.SetAside(t.Context(), "anne"); n != want || err != nil {
			t.Errorf("round %d: %d keys aside, %v; want %d", round, n, err, want)
		}
	}
	count, err := r.Reserve(t.Context(), countertest.ToReserve("anne", "after", windows, countertest.People(0, 4)))
	if err != nil || count.Exceeded != 0 || count.Used != 7 {
		t.Errorf("the copies were not damaged: %+v, %v", count, err)
	}
	for _, i := range []int{0, 2} {
		key := r.Keys("anne")[i] + ":damaged"
		if ttl := r.client.TTL(t.Context(), key).Val(); ttl <= asideFor-time.Hour || ttl > asideFor {
			t.Errorf("%s expires in %v", key, ttl)
		}
	}
	if n, err := r.SetAside(t.Context(), "bertrand"); n != 0 || err != nil {
		t.Errorf("a sound sender: %d keys aside, %v", n, err)
	}
	if n, err := r.SetAside(t.Context(), "nobody"); n != 0 || err != nil {
		t.Errorf("an unknown sender: %d keys aside, %v", n, err)
	}
}

func TestSetAside(t *testing.T) {
	mends(t, openRedis(t, countertest.RedisConfig(t, servers.StartRedis(t).Address())))
}

func TestSetAsideInACluster(t *testing.T) {
	var addresses []string
	for _, node := range servers.StartRedisCluster(t) {
		addresses = append(addresses, node.Address())
	}
	mends(t, openRedis(t, countertest.RedisConfig(t, addresses...)))
}

func TestSetAsideNeeds(t *testing.T) {
	server := servers.StartRedis(t)
	s := &scene{t: t, server: server, behind: countertest.Direct(t, server), config: countertest.RedisConfig(t, server.Address())}
	s.login("geheim", countertest.MayCount...)
	r := openRedis(t, s.config)
	countertest.Do(t, s.behind, "SET", r.Keys("anne")[0], "not ours")
	if _, err := r.SetAside(t.Context(), "anne"); err == nil || meaningOf(err) != redisAway {
		t.Errorf("without +type and +rename: %v", err)
	}
	s.login("geheim", slices.Concat(countertest.MayCount, []any{"+type", "+rename"})...)
	if n, err := openRedis(t, s.config).SetAside(t.Context(), "anne"); n != 1 || err != nil {
		t.Errorf("with them: %d, %v", n, err)
	}
}
