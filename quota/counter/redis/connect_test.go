//go:build servers

package redis

import (
	crand "crypto/rand"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rcptquota/rcptquota/quota"
	"github.com/rcptquota/rcptquota/quota/conf"
	"github.com/rcptquota/rcptquota/quota/counter/countertest"
	"github.com/rcptquota/rcptquota/test/servers"
)

// works reserves, accepts and releases.
func works(t *testing.T, r *Store) {
	t.Helper()
	for _, commit := range []bool{true, false, true} {
		m := countertest.ToReserve("anne", crand.Text(), countertest.Generous, countertest.People(0, 3))
		countertest.MustReserve(t, r, m)
		countertest.MustSettle(t, r, m.Ticket, commit)
	}
}

func TestByTLSAndACL(t *testing.T) {
	server := servers.StartSecureRedis(t, "--user", "rcptquota", "on", ">geheim", "~rcptquota:*", "resetchannels",
		"+@connection", "+@hash", "+@sortedset", "+evalsha", "+eval", "+time", "+pexpire", "+pttl")
	config := countertest.RedisConfig(t, server.SecureAddress())
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
	if _, err := openRedis(t, config).Reserve(t.Context(), countertest.ToReserve("anne", "a", countertest.Generous, nil)); err == nil || !strings.Contains(err.Error(), "WRONGPASS") {
		t.Errorf("with a wrong password: %v", err)
	}
	write("geheim\n")
	config.CAFile = ""
	if _, err := openRedis(t, config).Reserve(t.Context(), countertest.ToReserve("anne", "a", countertest.Generous, nil)); err == nil || !strings.Contains(err.Error(), "x509: ") {
		t.Errorf("with a certificate of nobody: %v", err)
	}
}

func TestBySocket(t *testing.T) {
	works(t, openRedis(t, countertest.RedisConfig(t, servers.StartRedis(t).Socket())))
}

func TestBySentinel(t *testing.T) {
	server := servers.StartRedis(t)
	sentinel := servers.StartRedisSentinel(t, "quotas", server)
	config := countertest.RedisConfig(t, sentinel.Address())
	config.MasterName = "quotas"
	works(t, openRedis(t, config))

	locked := countertest.Direct(t, sentinel)
	if err := locked.ACLSetUser(t.Context(), "asks", "on", ">geheim", "+@all", "allchannels").Err(); err != nil {
		t.Fatal(err)
	}
	if err := locked.ACLSetUser(t.Context(), "default", "off").Err(); err != nil {
		t.Fatal(err)
	}
	config.SentinelUsername = "asks"
	config.SentinelPasswordFile = filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(config.SentinelPasswordFile, []byte("geheim\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	works(t, openRedis(t, config))
	config.MasterName = "others"
	config.Timeout = conf.Duration{Duration: deadline}
	if _, err := openRedis(t, config).Reserve(t.Context(), countertest.ToReserve("anne", "a", countertest.Generous, nil)); err == nil {
		t.Error("a master that no Sentinel knows")
	}
}

func TestClusterNeverOvershoots(t *testing.T) {
	var addresses []string
	for _, node := range servers.StartRedisCluster(t) {
		addresses = append(addresses, node.Address())
	}
	config := countertest.RedisConfig(t, addresses...)
	short := quota.Window{Per: 300 * time.Millisecond, Recipients: 500, Count: quota.Copies}
	all := countertest.Attempt(t, []quota.Counter{openRedis(t, config), openRedis(t, config)}, 32, 40, []quota.Window{short, countertest.Generous[0]})
	if most := countertest.Fullest(all, short.Per); most > short.Recipients || most < short.Recipients-30 {
		t.Errorf("the fullest period held %d copies of %d", most, short.Recipients)
	}
}
