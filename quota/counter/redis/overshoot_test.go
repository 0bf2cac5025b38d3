//go:build servers

package redis

import (
	"testing"
	"time"

	"github.com/rcptquota/rcptquota/quota"
	"github.com/rcptquota/rcptquota/quota/counter/countertest"
	"github.com/rcptquota/rcptquota/test/servers"
)

func TestTwoClientsNeverOvershoot(t *testing.T) {
	server := servers.StartRedis(t)
	config := countertest.RedisConfig(t, server.Address())
	first, second := openRedis(t, config), openRedis(t, config)
	countertest.MustReserve(t, first, countertest.ToReserve("bertrand", "brings the script", countertest.Rulebooks(time.Hour)[0], countertest.People(0, 1)))
	client := countertest.Direct(t, server)
	client.ConfigResetStat(t.Context())
	short := quota.Window{Per: 300 * time.Millisecond, Recipients: 1000, Count: quota.Copies}
	long := quota.Window{Per: time.Hour, Recipients: 10_000_000, Count: quota.Copies}
	all := countertest.Attempt(t, []quota.Counter{first, second}, 32, 150, []quota.Window{short, long})
	if most := countertest.Fullest(all, short.Per); most > short.Recipients || most < short.Recipients-30 {
		t.Errorf("the fullest period held %d copies of %d", most, short.Recipients)
	}
	sum := 0
	for _, a := range all {
		sum += a.N
	}
	kept := countertest.Stored(t, client, first.Keys("anne"))
	if total := kept.Total(); total != sum || len(kept.Messages) != len(all) {
		t.Errorf("Redis holds %d copies of %d messages; %d of %d were accepted", total, len(kept.Messages), sum, len(all))
	}
	if calls := countertest.Evaluations(t, client); calls != 2*32*150 {
		t.Errorf("%d commands for %d reservations", calls, 2*32*150)
	}
}
