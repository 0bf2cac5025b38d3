//go:build servers

package redis

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/rcptquota/rcptquota/quota"
	"github.com/rcptquota/rcptquota/quota/counter/countertest"
	"github.com/rcptquota/rcptquota/test/servers"
)

// holds is all that Redis holds, and until when.
func holds(t *testing.T, client *redis.Client) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, key := range client.Keys(t.Context(), "*").Val() {
		all[key] = fmt.Sprintf("%q until %d", client.Dump(t.Context(), key).Val(), client.Do(t.Context(), "PEXPIRETIME", key).Val())
	}
	return all
}

// Asking writes nothing, forgets nothing and extends nothing, whether the message fits,
// is too big, or is one of too many; and it is one command.
func TestAskingChangesNothing(t *testing.T) {
	server := servers.StartRedis(t)
	r, client := openRedis(t, countertest.RedisConfig(t, server.Address())), countertest.Direct(t, server)
	windows := []quota.Window{
		{Per: time.Hour, Recipients: 10, Count: quota.Distinct},
		{Per: time.Hour, Recipients: 20, Count: quota.Copies},
	}
	for i := range 3 {
		m := countertest.ToReserve("anne", fmt.Sprint(i), windows, countertest.People(i, i+5))
		countertest.MustReserve(t, r, m)
		if i == 2 {
			countertest.MustSettle(t, r, m.Ticket, true)
		}
	}
	keys := r.Keys("anne")
	client.ZIncrBy(t.Context(), keys[0], -2*float64(time.Hour.Microseconds()), client.ZRange(t.Context(), keys[0], 0, 0).Val()[0])
	client.HSet(t.Context(), keys[2], "due", "0") // a message would tidy up what has left its window
	ask := func(sender string) {
		t.Helper()
		for _, people := range [][]int{countertest.People(0, 1), countertest.People(0, 9), countertest.People(0, 20), nil} {
			for _, id := range []string{"", "1"} {
				if _, err := r.Try(t.Context(), countertest.ToReserve(sender, id, windows, people)); err != nil {
					t.Fatal(err)
				}
			}
		}
		for _, parts := range []int{0, 7} {
			countertest.MustUse(t, r, sender, windows, parts)
		}
	}
	ask("bertrand") // brings the scripts
	before := holds(t, client)
	client.ConfigResetStat(t.Context())
	ask("anne")
	if calls := countertest.Evaluations(t, client); calls != 10 {
		t.Errorf("%d commands for 10 questions", calls)
	}
	if after := holds(t, client); !maps.Equal(after, before) {
		t.Errorf("%v, was %v", after, before)
	}
	if ids := r.committed.of("anne"); !slices.Equal(ids, []string{"2"}) {
		t.Errorf("committed, and to be told with the next message: %v", ids)
	}
}

// Times that a clock gave out which was ahead are moved back by a question, too.
func TestAskingAfterAClockAhead(t *testing.T) {
	server := servers.StartRedis(t)
	r, client := openRedis(t, countertest.RedisConfig(t, server.Address())), countertest.Direct(t, server)
	windows := []quota.Window{{Per: time.Hour, Recipients: 20, Count: quota.Distinct}, {Per: time.Hour, Recipients: 12, Count: quota.Copies}}
	for _, how := range []string{"tried", "used"} {
		for i := range 3 {
			m := countertest.ToReserve(how, fmt.Sprint(i), windows, countertest.People(3*i, 3*i+3))
			countertest.MustReserve(t, r, m)
			if i == 0 {
				countertest.MustSettle(t, r, m.Ticket, true)
			}
		}
		ahead(t, client, r.Keys(how))
		if how == "tried" {
			count, err := r.Try(t.Context(), countertest.ToReserve(how, "", windows, countertest.People(0, 6)))
			if err != nil || count.Exceeded != 1 || count.Used != 9 || time.Until(count.RetryAt) > time.Hour {
				t.Errorf("%+v, %v", count, err)
			}
		}
		u := countertest.MustUse(t, r, how, nil, 1)
		if u.Windows[0].Used != 9 || u.Windows[1].Used != 9 || u.Open != 2 || time.Until(u.At).Abs() > time.Minute {
			t.Errorf("%s: %+v", how, u)
		}
		count, err := r.Reserve(t.Context(), countertest.ToReserve(how, "more", windows, countertest.People(10, 14)))
		if err != nil || count.Exceeded != 1 || count.Used != 9 {
			t.Errorf("%s: %+v, %v", how, count, err)
		}
		for _, key := range r.Keys(how) {
			if ttl := client.PTTL(t.Context(), key).Val(); ttl < time.Hour || ttl > 40*24*time.Hour {
				t.Errorf("%s expires in %v", key, ttl)
			}
		}
		for _, id := range []string{"1", "2"} {
			countertest.MustSettle(t, r, quota.Ticket{Sender: how, ID: id}, false)
		}
		if u := countertest.MustUse(t, r, how, windows, 0); u.Open != 0 || u.Windows[0].Used != 3 || u.Windows[1].Used != 3 {
			t.Errorf("%s, released: %+v", how, u)
		}
	}
}

// What commands ask needs +scan besides what counting needs, and only for all senders.
func TestAskingNeeds(t *testing.T) {
	server := servers.StartRedis(t)
	s := &scene{t: t, server: server, behind: countertest.Direct(t, server), config: countertest.RedisConfig(t, server.Address())}
	s.login("geheim", countertest.MayCount...)
	r := openRedis(t, s.config)
	countertest.Resets(t, r)
	for name, err := range r.Senders(t.Context()) {
		if name != "" || err == nil || !strings.Contains(err.Error(), "NOPERM") {
			t.Errorf("without +scan: %q, %v", name, err)
		}
	}
	s.login("geheim", slices.Concat(countertest.MayCount, []any{"+scan"})...)
	if names := countertest.Names(t, openRedis(t, s.config)); !slices.Equal(names, []string{"bertrand"}) {
		t.Errorf("with +scan: %q", names)
	}
}

// What is not ours in the place of a sender's state hides no other sender.
func TestSendersOfDamagedState(t *testing.T) {
	server := servers.StartRedis(t)
	r, client := openRedis(t, countertest.RedisConfig(t, server.Address())), countertest.Direct(t, server)
	for _, sender := range []string{"anne", "bertrand", "chloé"} {
		countertest.MustReserve(t, r, countertest.ToReserve(sender, "a", countertest.Generous, countertest.People(0, 1)))
	}
	countertest.Do(t, client, "SET", r.Keys("anne")[2], "not ours")
	countertest.Do(t, client, "HSET", r.Keys("bertrand")[2], "sender", "")
	countertest.Do(t, client, "HSET", r.Keys("denis")[2], "windows", "no windows;", "sender", "denis")
	if names := countertest.Names(t, r); !slices.Equal(names, []string{"chloé", "denis"}) {
		t.Errorf("%q", names)
	}
	if u, err := r.Usage(t.Context(), "anne", nil, 0); err == nil || !ConcernsSender(err) {
		t.Errorf("%+v, %v", u, err)
	}
	if u, err := r.Usage(t.Context(), "denis", nil, 0); err == nil || !ConcernsSender(err) {
		t.Errorf("%+v, %v", u, err)
	}
}
