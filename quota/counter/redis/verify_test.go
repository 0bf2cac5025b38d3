//go:build servers

package redis

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rcptquota/rcptquota/quota/counter/countertest"
	"github.com/rcptquota/rcptquota/test/servers"
)

func TestVerify(t *testing.T) {
	server := servers.StartRedis(t, "--user", "reader", "on", ">geheim", "~*", "resetchannels", "+@read", "+@connection")
	config := countertest.RedisConfig(t, server.Address())
	lines, err := Verify(t.Context(), config, digests)
	want := []string{
		"redis " + server.Address() + ": answers, and counts",
		"redis " + server.Address() + ": evicts nothing: it has no maxmemory",
	}
	if err != nil || !slices.Equal(lines, want) {
		t.Errorf("%q, %v; want %q", lines, err, want)
	}
	// What was counted is gone: no recipient has been reached.
	r := openRedis(t, config)
	for _, key := range r.client.Keys(t.Context(), "*").Val() {
		if !strings.HasSuffix(key, ":open") {
			t.Errorf("%s is left", key)
		}
		if ttl := r.client.PTTL(t.Context(), key).Val(); ttl <= 0 {
			t.Errorf("%s stays for ever", key)
		}
	}

	limited := config
	limited.Username, limited.PasswordFile = "reader", filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(limited.PasswordFile, []byte("geheim\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Verify(t.Context(), limited, digests); err == nil || !strings.Contains(err.Error(), "NOPERM") {
		t.Errorf("for a user who may only read: %v", err)
	}
	server.Stop()
	if _, err := Verify(t.Context(), config, digests); err == nil || !strings.Contains(err.Error(), "connection refused") {
		t.Errorf("stopped: %v", err)
	}
}

func TestVerifyCluster(t *testing.T) {
	var addresses []string
	for _, server := range servers.StartRedisCluster(t) {
		addresses = append(addresses, server.Address())
	}
	if _, err := Verify(t.Context(), countertest.RedisConfig(t, addresses...), digests); err != nil {
		t.Error(err)
	}
}
