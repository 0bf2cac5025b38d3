//go:build servers

package redis

import (
	"fmt"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/rcptquota/rcptquota/quota"
	"github.com/rcptquota/rcptquota/quota/counter/countertest"
	"github.com/rcptquota/rcptquota/test/servers"
)

// Who gives up one message after another, while earlier ones to the same people are
// open, makes Redis remember nothing of them.
func TestForgetsWhatWasGivenUp(t *testing.T) {
	server := servers.StartRedis(t)
	r, client := openRedis(t, countertest.RedisConfig(t, server.Address())), countertest.Direct(t, server)
	countertest.MustReserve(t, r, countertest.ToReserve("anne", "first", countertest.Generous, countertest.People(0, 1)))
	countertest.MustReserve(t, r, countertest.ToReserve("anne", "second", countertest.Generous, countertest.People(1, 2)))
	for i := range 1000 {
		id := fmt.Sprintf("%026d", i) // as long as those of the policy
		countertest.MustReserve(t, r, countertest.ToReserve("anne", id, countertest.Generous, countertest.People(0, 3)))
		countertest.MustSettle(t, r, quota.Ticket{Sender: "anne", ID: id}, false)
	}
	countertest.MustReserve(t, r, countertest.ToReserve("anne", "third", countertest.Generous, countertest.People(0, 2)))
	for field, value := range countertest.Stored(t, client, r.Keys("anne")).State {
		if len(value) > 5000 {
			t.Errorf("%s holds %d bytes", field, len(value))
		}
	}
	for _, id := range []string{"first", "third", "second"} { // what is open is still known
		countertest.MustSettle(t, r, quota.Ticket{Sender: "anne", ID: id}, false)
	}
	if n := client.DBSize(t.Context()).Val(); n > 0 {
		t.Errorf("left: %v", countertest.Stored(t, client, r.Keys("anne")))
	}
}

// fill returns windows of copies that hold ten messages to one person; messages are
// kept for an hour.
func fill(t *testing.T, r *Store, aMinute, anHour int) []quota.Window {
	t.Helper()
	windows := []quota.Window{
		{Per: time.Minute, Recipients: aMinute, Count: quota.Copies},
		{Per: time.Hour, Recipients: anHour, Count: quota.Copies},
	}
	for i := range 10 {
		countertest.MustReserve(t, r, countertest.ToReserve("anne", fmt.Sprint(i), windows, countertest.People(0, 1)))
		countertest.MustSettle(t, r, quota.Ticket{Sender: "anne", ID: fmt.Sprint(i)}, true)
	}
	return windows
}

// A message that does not fit costs no look at all those that the window holds.
func TestRefusesByTheSum(t *testing.T) {
	server := servers.StartRedis(t)
	r, client := openRedis(t, countertest.RedisConfig(t, server.Address())), countertest.Direct(t, server)
	windows := fill(t, r, 100, 10)
	unseen := redis.Z{Score: float64(time.Now().UnixMicro()), Member: "1:unseen"}
	if err := client.ZAdd(t.Context(), r.Keys("anne")[1], unseen).Err(); err != nil {
		t.Fatal(err)
	}
	count, err := r.Reserve(t.Context(), countertest.ToReserve("anne", "more", windows, countertest.People(0, 1)))
	if err != nil || count.Exceeded != 1 || count.Used != 10 {
		t.Errorf("%+v, %v", count, err)
	}
}

// Sums do not outlive the messages that they count.
func TestSumsGoWithTheirMessages(t *testing.T) {
	server := servers.StartRedis(t)
	r, client := openRedis(t, countertest.RedisConfig(t, server.Address())), countertest.Direct(t, server)
	windows := fill(t, r, 10, 100)
	if err := client.Rename(t.Context(), r.Keys("anne")[1], "aside").Err(); err != nil {
		t.Fatal(err)
	}
	for i := range 10 {
		countertest.MustReserve(t, r, countertest.ToReserve("anne", fmt.Sprint("anew", i), windows, countertest.People(0, 1)))
	}
	if count, err := r.Reserve(t.Context(), countertest.ToReserve("anne", "more", windows, countertest.People(0, 1))); err != nil || count.Used != 10 {
		t.Errorf("%+v, %v", count, err)
	}
}
