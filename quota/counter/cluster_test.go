//go:build servers

package counter

import (
	"fmt"
	"testing"
	"time"

	"github.com/rcptquota/rcptquota/quota/conf"
	"github.com/rcptquota/rcptquota/quota/counter/countertest"
	"github.com/rcptquota/rcptquota/test/random"
	"github.com/rcptquota/rcptquota/test/servers"
)

// A Cluster that was away at the start is known when it comes; and all of it has
// to be there.
func TestClusterBehindOneAddressComesLater(t *testing.T) {
	nodes := servers.StartRedisCluster(t)
	for _, node := range nodes {
		node.Stop()
	}
	config := redisConfig(t, nodes[0].Address())
	config.Timeout = conf.Duration{Duration: deadline}
	f := openFallback(t, config, t.TempDir())
	if !servers.Wait(func() bool { return f.Away() != nil }) {
		t.Fatal("it is there, and stopped")
	}
	for _, node := range nodes {
		node.Start()
	}
	reconnected(t, f)
	countedInRedis(t, f)
	nodes[2].Freeze()
	defer nodes[2].Thaw()
	if err := f.redis.Ping(t.Context()); err == nil {
		t.Error("two masters are enough")
	}
}

// The node by whose address the Cluster was found is not needed any longer.
func TestClusterOutlivesItsAddress(t *testing.T) {
	nodes := servers.StartRedisCluster(t)
	config := redisConfig(t, nodes[0].Address())
	config.Timeout = conf.Duration{Duration: deadline}
	f := openFallback(t, config, t.TempDir())
	if err := f.redis.Ping(t.Context()); err != nil { // it has been found
		t.Fatal(err)
	}
	nodes[0].Kill()
	countedInRedis(t, f)
}

// countedInRedis waits until a message of each of many senders is.
func countedInRedis(t *testing.T, f *Fallback) {
	t.Helper()
	for _, sender := range countertest.Many() {
		if !servers.Wait(func() bool {
			m := countertest.ToReserve(sender, "a", countertest.Generous, countertest.People(0, 3))
			count, err := f.Reserve(t.Context(), m)
			return err == nil && count.Degraded == nil && f.Settle(t.Context(), m.Ticket, false) == nil
		}) {
			t.Fatalf("%s: %v", sender, f.Away())
		}
	}
}

// A master of the Cluster dies, and a replica takes its place, with what it had.
func TestClusterFailover(t *testing.T) {
	nodes := servers.StartRedisCluster(t)
	var addresses, senders []string
	for _, node := range nodes {
		addresses = append(addresses, node.Address())
	}
	for i := range 12 {
		senders = append(senders, fmt.Sprintf("sender%d", i))
	}
	config := redisConfig(t, addresses...)
	config.Timeout = conf.Duration{Duration: deadline}
	f := openFallback(t, config, t.TempDir())
	reconnected(t, f)
	j := journal{random: random.New(t)}
	load := func() (finish func()) {
		stop, loaded := make(chan struct{}), make(chan struct{})
		go func() {
			j.load(t, f, senders, countertest.Generous, stop)
			close(loaded)
		}()
		return func() {
			close(stop)
			<-loaded
		}
	}
	finish := load()
	pause(300 * time.Millisecond)
	finish()
	pause(time.Second) // a Cluster replicates behind its clients' backs: what a replica lacks is lost with the master
	nodes[0].Kill()
	finish = load()
	if !servers.Wait(func() bool { return f.Away() != nil }) {
		t.Error("nobody noticed")
	}
	pause(time.Second)
	finish()
	reconnected(t, f)
	j.check(t, f, f.redis.Client(), senders)
	if j.slowest > 4*deadline {
		t.Errorf("the slowest message took %v", j.slowest)
	}
}
