//go:build servers

package counter

import (
	crand "crypto/rand"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rcptquota/rcptquota/quota"
	"github.com/rcptquota/rcptquota/quota/conf"
	"github.com/rcptquota/rcptquota/test/servers"
)

// works reserves, accepts and releases.
func works(t *testing.T, r *Redis) {
	t.Helper()
	for _, commit := range []bool{true, false, true} {
		m := toReserve("anne", crand.Text(), generous, people(0, 3))
		mustReserve(t, r, m)
		mustSettle(t, r, m.Ticket, commit)
	}
}

func TestRedisByTLSAndACL(t *testing.T) {
	server := servers.StartSecureRedis(t, "--user", "rcptquota", "on", ">geheim", "~rcptquota:*", "resetchannels",
		"+@connection", "+@hash", "+@sortedset", "+evalsha", "+eval", "+time", "+pexpire", "+pttl")
	config := redisConfig(t, server.SecureAddress())
	config.TLS = true
	config.CAFile = server.CAFile()
	config.Username = "rcptquota"
	config.PasswordFile = filepath.Join(t.TempDir(), "password")
	write := func(password string) {
		if err := os.WriteFile(config.PasswordFile, []byte(password), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("geheim\n")
	r := openRedis(t, config)
	works(t, r)

	write("another\n")
	if _, err := openRedis(t, config).Reserve(t.Context(), toReserve("anne", "a", generous, nil)); err == nil || !strings.Contains(err.Error(), "WRONGPASS") {
		t.Errorf("with a wrong password: %v", err)
	}
	write("geheim\n")
	config.CAFile = ""
	if _, err := openRedis(t, config).Reserve(t.Context(), toReserve("anne", "a", generous, nil)); err == nil || !strings.Contains(err.Error(), "x509: ") {
		t.Errorf("with a certificate of nobody: %v", err)
	}
}

func TestRedisBySocket(t *testing.T) {
	works(t, openRedis(t, redisConfig(t, servers.StartRedis(t).Socket())))
}

func TestRedisBySentinel(t *testing.T) {
	server := servers.StartRedis(t)
	sentinel := servers.StartRedisSentinel(t, "quotas", server)
	config := redisConfig(t, sentinel.Address())
	config.MasterName = "quotas"
	works(t, openRedis(t, config))

	locked := direct(t, sentinel)
	if err := locked.ACLSetUser(t.Context(), "asks", "on", ">geheim", "+@all", "allchannels").Err(); err != nil {
		t.Fatal(err)
	}
	if err := locked.ACLSetUser(t.Context(), "default", "off").Err(); err != nil {
		t.Fatal(err)
	}
	config.SentinelUsername = "asks"
	config.SentinelPasswordFile = filepath.Join(secrets(t), "p")
	works(t, openRedis(t, config))
	config.MasterName = "others"
	config.Timeout = conf.Duration{Duration: deadline}
	if _, err := openRedis(t, config).Reserve(t.Context(), toReserve("anne", "a", generous, nil)); err == nil {
		t.Error("a master that no Sentinel knows")
	}
}

func TestClusterNeverOvershoots(t *testing.T) {
	var addresses []string
	for _, node := range servers.StartRedisCluster(t) {
		addresses = append(addresses, node.Address())
	}
	config := redisConfig(t, addresses...)
	short := quota.Window{Per: 300 * time.Millisecond, Recipients: 500, Count: quota.Copies}
	all := attempt(t, []quota.Counter{openRedis(t, config), openRedis(t, config)}, 32, 40, []quota.Window{short, generous[0]})
	if most := fullest(all, short.Per); most > short.Recipients || most < short.Recipients-30 {
		t.Errorf("the fullest period held %d copies of %d", most, short.Recipients)
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
	var j journal
	load := func() (finish func()) {
		stop, loaded := make(chan struct{}), make(chan struct{})
		go func() {
			j.load(t, f, senders, generous, stop)
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
	j.check(t, f, f.redis.client, senders)
	if j.slowest > 4*deadline {
		t.Errorf("the slowest message took %v", j.slowest)
	}
}
