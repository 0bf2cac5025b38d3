//go:build servers

package counter

import (
	"fmt"
	"testing"
	"time"

	"github.com/rcptquota/rcptquota/quota"
	"github.com/rcptquota/rcptquota/quota/counter/countertest"
	"github.com/rcptquota/rcptquota/test/servers"
)

// What is damaged of one sender in Redis concerns that sender alone: the others are
// counted there as before, by every relay, and the sender by no relay twice.
func TestDamagedSender(t *testing.T) {
	server := servers.StartRedis(t)
	config := redisConfig(t, server.Address())
	relays := []*Fallback{openFallback(t, config, t.TempDir()), openFallback(t, config, t.TempDir())}
	client := countertest.Direct(t, server)
	windows := []quota.Window{{Per: time.Hour, Recipients: 10, Count: quota.Copies}}
	send := func(relay *Fallback, sender string, n int) quota.Count {
		t.Helper()
		count, err := relay.Reserve(t.Context(), countertest.ToReserve(sender, fmt.Sprint(time.Now().UnixNano()), windows, countertest.People(0, n)))
		if err != nil {
			t.Fatal(err)
		}
		return count
	}
	damages := map[string]func(keys []string){
		"type":  func(keys []string) { client.Set(t.Context(), keys[1], "not ours", 0) },
		"value": func(keys []string) { client.HSet(t.Context(), keys[2], "last", "not ours") },
	}
	for name, damage := range damages {
		sender := "anne/" + name
		send(relays[0], sender, 1)
		client.Del(t.Context(), relays[0].redis.Keys(sender)[1])
		damage(relays[0].redis.Keys(sender))
		for _, relay := range relays {
			if count := send(relay, sender, 4); count.Exceeded >= 0 || name == "value" && count.Degraded == nil {
				t.Errorf("%s: %+v", name, count)
			}
			if count := send(relay, "bertrand/"+name, 2); count.Exceeded >= 0 || count.Degraded != nil {
				t.Errorf("%s: another sender: %+v", name, count)
			}
			if relay.Away() != nil {
				t.Errorf("%s: away: %v", name, relay.Away())
			}
		}
		if count := send(relays[0], sender, 7); count.Exceeded != 0 {
			t.Errorf("%s: the limit does not hold: %+v", name, count)
		}
		if kind := client.Type(t.Context(), relays[0].redis.Keys(sender)[1]).Val(); name == "type" && kind != "zset" {
			t.Errorf("%s: what Redis holds is a %s", name, kind)
		}
	}
}

// A release of a sender whose data are damaged waits for nothing.
func TestDamagedSenderReleased(t *testing.T) {
	server := servers.StartRedis(t)
	f := openFallback(t, redisConfig(t, server.Address()), t.TempDir())
	reconnected(t, f)
	countertest.MustReserve(t, f, countertest.ToReserve("anne", "a", countertest.Generous, countertest.People(0, 3)))
	countertest.Direct(t, server).Set(t.Context(), f.redis.Keys("anne")[2], "not ours", 0)
	countertest.MustSettle(t, f, quota.Ticket{Sender: "anne", ID: "a"}, false)
	if n := len(f.releases.all()); n != 0 || f.Away() != nil {
		t.Errorf("%d releases wait; away: %v", n, f.Away())
	}
}
