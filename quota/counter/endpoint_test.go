//go:build servers

package counter

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/rcptquota/rcptquota/quota/conf"
	"github.com/rcptquota/rcptquota/test/servers"
)

// many are enough senders for each master of a Cluster to have some.
func many() []string {
	var senders []string
	for i := range 20 {
		senders = append(senders, fmt.Sprintf("sender%d", i))
	}
	return senders
}

// A Cluster is known by the address of one node, master or replica, and asked as
// one from the first message on.
func TestClusterBehindOneAddress(t *testing.T) {
	for _, node := range servers.StartRedisCluster(t) {
		r := openRedis(t, redisConfig(t, node.Address()))
		for _, sender := range many() {
			m := toReserve(sender, "a", generous, people(0, 3))
			mustReserve(t, r, m)
			mustSettle(t, r, m.Ticket, false)
		}
	}
}

// The roster has one key, which is on another node more often than not.
func TestClientOfAClusterBehindOneAddress(t *testing.T) {
	for i, node := range servers.StartRedisCluster(t) {
		config := redisConfig(t, node.Address())
		client, err := config.Client()
		if err != nil {
			t.Fatal(err)
		}
		if err := client.Set(t.Context(), "rcptquota:roster", i, 0).Err(); err != nil {
			t.Error(err)
		}
		if got, err := client.Get(t.Context(), "rcptquota:roster").Int(); got != i || err != nil {
			t.Errorf("%d, %v; want %d", got, err, i)
		}
		if err := client.Close(); err != nil {
			t.Error(err)
		}
		if err := client.Get(t.Context(), "rcptquota:roster").Err(); !errors.Is(err, redis.ErrClosed) {
			t.Errorf("closed: %v", err)
		}
	}
}

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
	if err := f.redis.ping(t.Context()); err == nil {
		t.Error("two masters are enough")
	}
}

// The node by whose address the Cluster was found is not needed any longer.
func TestClusterOutlivesItsAddress(t *testing.T) {
	nodes := servers.StartRedisCluster(t)
	config := redisConfig(t, nodes[0].Address())
	config.Timeout = conf.Duration{Duration: deadline}
	f := openFallback(t, config, t.TempDir())
	if err := f.redis.ping(t.Context()); err != nil { // it has been found
		t.Fatal(err)
	}
	nodes[0].Kill()
	countedInRedis(t, f)
}

// countedInRedis waits until a message of each of many senders is.
func countedInRedis(t *testing.T, f *Fallback) {
	t.Helper()
	for _, sender := range many() {
		if !servers.Wait(func() bool {
			m := toReserve(sender, "a", generous, people(0, 3))
			count, err := f.Reserve(t.Context(), m)
			return err == nil && count.Degraded == nil && f.Settle(t.Context(), m.Ticket, false) == nil
		}) {
			t.Fatalf("%s: %v", sender, f.Away())
		}
	}
}

// A server by itself costs no command more, and is asked once what it is.
func TestServerBehindOneAddress(t *testing.T) {
	server := servers.StartRedis(t)
	r, client := openRedis(t, redisConfig(t, server.Address())), direct(t, server)
	client.ConfigResetStat(t.Context())
	for range 3 {
		if err := r.ping(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	mustReserve(t, r, toReserve("anne", "a", generous, people(0, 3)))
	stats := client.Info(t.Context(), "commandstats", "errorstats").Val()
	if !strings.Contains(stats, "cmdstat_cluster|slots:calls=1,") || !strings.Contains(stats, "cmdstat_ping:calls=3,") {
		t.Errorf("%s", stats)
	}
}

// One node that serves all slots is asked by the address that we know, whatever it
// calls itself.
func TestClusterOfOneNode(t *testing.T) {
	server := servers.StartRedis(t, "--cluster-enabled", "yes", "--cluster-port", strconv.Itoa(servers.FreePort(t)),
		"--cluster-announce-ip", "192.0.2.1", "--cluster-announce-port", "6379")
	do(t, direct(t, server), "CLUSTER", "ADDSLOTSRANGE", "0", "16383")
	r := openRedis(t, redisConfig(t, server.Address()))
	if !servers.Wait(func() bool {
		return strings.Contains(direct(t, server).ClusterInfo(t.Context()).Val(), "cluster_state:ok")
	}) {
		t.Fatal("it does not serve its slots")
	}
	if err := r.ping(t.Context()); err != nil {
		t.Fatal(err)
	}
	works(t, r)
}

func TestVerifyClusterBehindOneAddress(t *testing.T) {
	nodes := servers.StartRedisCluster(t)
	config := redisConfig(t, nodes[0].Address())
	config.Username, config.PasswordFile = "rcptquota", filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(config.PasswordFile, []byte("geheim\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, node := range nodes {
		do(t, direct(t, node), slices.Concat([]any{"ACL", "SETUSER", "rcptquota"}, mayCount, []any{"+cluster|slots"})...)
	}
	lines, err := Verify(t.Context(), config)
	if want := "redis " + nodes[0].Address() + ", a Cluster of 3 masters: answers, and counts"; err != nil || lines[0] != want {
		t.Errorf("%q, %v; want %q", lines, err, want)
	}
	// Each node has users of its own.
	do(t, direct(t, nodes[2]), "ACL", "SETUSER", "rcptquota", "-zadd")
	if _, err := Verify(t.Context(), config); err == nil || !strings.Contains(err.Error(), "can't run this command") {
		t.Errorf("one master that does not let us count: %v", err)
	}
	do(t, direct(t, nodes[2]), "ACL", "SETUSER", "rcptquota", "+zadd")
	do(t, direct(t, nodes[0]), "ACL", "SETUSER", "rcptquota", "-cluster|slots")
	if _, err := Verify(t.Context(), config); err == nil || !strings.Contains(err.Error(), "cluster|slots") {
		t.Errorf("without +cluster|slots: %v", err)
	}
	do(t, direct(t, nodes[0]), "ACL", "SETUSER", "rcptquota", "+cluster|slots")
	nodes[1].Freeze()
	defer nodes[1].Thaw()
	config.Timeout = conf.Duration{Duration: deadline}
	if _, err := Verify(t.Context(), config); err == nil {
		t.Error("two masters are enough")
	}
}
