//go:build servers

package counter

import (
	"fmt"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/rcptquota/rcptquota/quota"
	"github.com/rcptquota/rcptquota/test/servers"
)

// Who gives up one message after another, while earlier ones to the same people are
// open, makes Redis remember nothing of them.
func TestRedisForgetsWhatWasGivenUp(t *testing.T) {
	server := servers.StartRedis(t)
	r, client := openRedis(t, redisConfig(t, server.Address())), direct(t, server)
	mustReserve(t, r, toReserve("anne", "first", wide, people(0, 1)))
	mustReserve(t, r, toReserve("anne", "second", wide, people(1, 2)))
	for i := range 1000 {
		id := fmt.Sprintf("%026d", i) // as long as those of the policy
		mustReserve(t, r, toReserve("anne", id, wide, people(0, 3)))
		mustSettle(t, r, quota.Ticket{Sender: "anne", ID: id}, false)
	}
	mustReserve(t, r, toReserve("anne", "third", wide, people(0, 2)))
	for field, value := range stored(t, client, r.keys("anne")).state {
		if len(value) > 5000 {
			t.Errorf("%s holds %d bytes", field, len(value))
		}
	}
	for _, id := range []string{"first", "third", "second"} { // what is open is still known
		mustSettle(t, r, quota.Ticket{Sender: "anne", ID: id}, false)
	}
	if n := client.DBSize(t.Context()).Val(); n > 0 {
		t.Errorf("left: %v", stored(t, client, r.keys("anne")))
	}
}

// fill returns windows of copies that hold ten messages to one person; messages are
// kept for an hour.
func fill(t *testing.T, r *Redis, aMinute, anHour int) []quota.Window {
	t.Helper()
	windows := []quota.Window{
		{Per: time.Minute, Recipients: aMinute, Count: quota.Copies},
		{Per: time.Hour, Recipients: anHour, Count: quota.Copies},
	}
	for i := range 10 {
		mustReserve(t, r, toReserve("anne", fmt.Sprint(i), windows, people(0, 1)))
		mustSettle(t, r, quota.Ticket{Sender: "anne", ID: fmt.Sprint(i)}, true)
	}
	return windows
}

// A message that does not fit costs no look at all those that the window holds.
func TestRedisRefusesByTheSum(t *testing.T) {
	server := servers.StartRedis(t)
	r, client := openRedis(t, redisConfig(t, server.Address())), direct(t, server)
	windows := fill(t, r, 100, 10)
	unseen := redis.Z{Score: float64(time.Now().UnixMicro()), Member: "1:unseen"}
	if err := client.ZAdd(t.Context(), r.keys("anne")[1], unseen).Err(); err != nil {
		t.Fatal(err)
	}
	count, err := r.Reserve(t.Context(), toReserve("anne", "more", windows, people(0, 1)))
	if err != nil || count.Exceeded != 1 || count.Used != 10 {
		t.Errorf("%+v, %v", count, err)
	}
}

// Sums do not outlive the messages that they count.
func TestRedisSumsGoWithTheirMessages(t *testing.T) {
	server := servers.StartRedis(t)
	r, client := openRedis(t, redisConfig(t, server.Address())), direct(t, server)
	windows := fill(t, r, 10, 100)
	if err := client.Rename(t.Context(), r.keys("anne")[1], "aside").Err(); err != nil {
		t.Fatal(err)
	}
	for i := range 10 {
		mustReserve(t, r, toReserve("anne", fmt.Sprint("anew", i), windows, people(0, 1)))
	}
	if count, err := r.Reserve(t.Context(), toReserve("anne", "more", windows, people(0, 1))); err != nil || count.Used != 10 {
		t.Errorf("%+v, %v", count, err)
	}
}
