//go:build servers

package redis

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/rcptquota/rcptquota/quota/conf"
	"github.com/rcptquota/rcptquota/quota/counter/countertest"
	"github.com/rcptquota/rcptquota/test/servers"
)

// A Cluster is known by the address of one node, master or replica, and asked as
// one from the first message on.
func TestClusterBehindOneAddress(t *testing.T) {
	for _, node := range servers.StartRedisCluster(t) {
		r := openRedis(t, countertest.RedisConfig(t, node.Address()))
		for _, sender := range countertest.Many() {
			m := countertest.ToReserve(sender, "a", countertest.Generous, countertest.People(0, 3))
			countertest.MustReserve(t, r, m)
			countertest.MustSettle(t, r, m.Ticket, false)
		}
	}
}

// A server by itself costs no command more, and is asked once what it is.
func TestServerBehindOneAddress(t *testing.T) {
	server := servers.StartRedis(t)
	r, client := openRedis(t, countertest.RedisConfig(t, server.Address())), countertest.Direct(t, server)
	client.ConfigResetStat(t.Context())
	for range 3 {
		if err := r.Ping(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	countertest.MustReserve(t, r, countertest.ToReserve("anne", "a", countertest.Generous, countertest.People(0, 3)))
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
	countertest.Do(t, countertest.Direct(t, server), "CLUSTER", "ADDSLOTSRANGE", "0", "16383")
	r := openRedis(t, countertest.RedisConfig(t, server.Address()))
	if !servers.Wait(func() bool {
		return strings.Contains(countertest.Direct(t, server).ClusterInfo(t.Context()).Val(), "cluster_state:ok")
	}) {
		t.Fatal("it does not serve its slots")
	}
	if err := r.Ping(t.Context()); err != nil {
		t.Fatal(err)
	}
	works(t, r)
}

func TestVerifyClusterBehindOneAddress(t *testing.T) {
	nodes := servers.StartRedisCluster(t)
	config := countertest.RedisConfig(t, nodes[0].Address())
	config.Username, config.PasswordFile = "rcptquota", filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(config.PasswordFile, []byte("geheim\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, node := range nodes {
		countertest.Do(t, countertest.Direct(t, node), slices.Concat([]any{"ACL", "SETUSER", "rcptquota"}, countertest.MayCount, []any{"+cluster|slots"})...)
	}
	lines, err := Verify(t.Context(), config, digests)
	if want := "redis " + nodes[0].Address() + ", a Cluster of 3 masters: answers, and counts"; err != nil || lines[0] != want {
		t.Errorf("%q, %v; want %q", lines, err, want)
	}
	// Each node has users of its own.
	countertest.Do(t, countertest.Direct(t, nodes[2]), "ACL", "SETUSER", "rcptquota", "-zadd")
	if _, err := Verify(t.Context(), config, digests); err == nil || !strings.Contains(err.Error(), "can't run this command") {
		t.Errorf("one master that does not let us count: %v", err)
	}
	countertest.Do(t, countertest.Direct(t, nodes[2]), "ACL", "SETUSER", "rcptquota", "+zadd")
	countertest.Do(t, countertest.Direct(t, nodes[0]), "ACL", "SETUSER", "rcptquota", "-cluster|slots")
	if _, err := Verify(t.Context(), config, digests); err == nil || !strings.Contains(err.Error(), "cluster|slots") {
		t.Errorf("without +cluster|slots: %v", err)
	}
	countertest.Do(t, countertest.Direct(t, nodes[0]), "ACL", "SETUSER", "rcptquota", "+cluster|slots")
	nodes[1].Freeze()
	defer nodes[1].Thaw()
	config.Timeout = conf.Duration{Duration: deadline}
	if _, err := Verify(t.Context(), config, digests); err == nil {
		t.Error("two masters are enough")
	}
}
