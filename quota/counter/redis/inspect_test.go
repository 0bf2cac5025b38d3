//go:build servers

package redis

import (
	"slices"
	"strings"
	"testing"

	"github.com/rcptquota/rcptquota/quota/counter/countertest"
	"github.com/rcptquota/rcptquota/quota/counter/digest"
	"github.com/rcptquota/rcptquota/test/servers"
)

// mustInspect looks as serve does.
func mustInspect(t *testing.T, r *Store) Inspection {
	t.Helper()
	i, err := r.Inspect(t.Context(), true)
	if err != nil {
		t.Fatal(err)
	}
	return i
}

func TestInspectMemory(t *testing.T) {
	server := servers.StartRedis(t)
	r, behind := openRedis(t, countertest.RedisConfig(t, server.Address())), countertest.Direct(t, server)
	for _, c := range []struct {
		most, policy string
		evicts       bool
		line         string // of check
	}{
		{"0", "noeviction", false, "evicts nothing: it has no maxmemory"},
		{"0", "allkeys-lru", false, "evicts nothing: it has no maxmemory"},
		{"100mb", "noeviction", false, "evicts nothing: maxmemory_policy is noeviction"},
		{"100mb", "volatile-lru", true, "may evict what is counted: maxmemory_policy is volatile-lru, and maxmemory 104857600 bytes; set maxmemory_policy to noeviction"},
		{"100mb", "allkeys-lfu", true, "maxmemory_policy is allkeys-lfu"},
		{"100mb", "volatile-ttl", true, "maxmemory_policy is volatile-ttl"},
	} {
		countertest.Do(t, behind, "CONFIG", "SET", "maxmemory", c.most, "maxmemory-policy", c.policy)
		i := mustInspect(t, r)
		if (len(i.Evicting) > 0) != c.evicts || i.MemoryError != nil || i.Unlimited != (c.most == "0") {
			t.Errorf("%s, %s: %+v", c.most, c.policy, i)
		}
		lines, err := Verify(t.Context(), countertest.RedisConfig(t, server.Address()), digests)
		if err != nil || len(lines) != 2 || !strings.Contains(lines[1], c.line) || !strings.HasPrefix(lines[1], "redis "+server.Address()) {
			t.Errorf("%s, %s: %q, %v; want %q", c.most, c.policy, lines, err, c.line)
		}
	}
}

// One master of three is enough to lose counts.
func TestInspectCluster(t *testing.T) {
	nodes := servers.StartRedisCluster(t)
	r := openRedis(t, countertest.RedisConfig(t, nodes[1].Address()))
	if i := mustInspect(t, r); len(i.Evicting) > 0 || !i.Unlimited {
		t.Errorf("at first: %+v", i)
	}
	countertest.Do(t, countertest.Direct(t, nodes[2]), "CONFIG", "SET", "maxmemory", "100mb", "maxmemory-policy", "volatile-lru")
	want := []Eviction{{Server: nodes[2].Address(), Policy: "volatile-lru", MaxMemory: 100 << 20}}
	if i := mustInspect(t, r); !slices.Equal(i.Evicting, want) || i.Unlimited {
		t.Errorf("%+v, want %+v", i, want)
	}
}

// What may not be looked at is told, and fails nothing.
func TestInspectWithoutPermission(t *testing.T) {
	server := servers.StartRedis(t)
	s := &scene{t: t, server: server, behind: countertest.Direct(t, server), config: countertest.RedisConfig(t, server.Address())}
	s.login("geheim", countertest.MayCount...)
	lines, err := Verify(t.Context(), s.config, digests)
	if err != nil || len(lines) != 3 || !strings.Contains(lines[1], "cannot check whether it evicts what is counted: NOPERM") || !strings.Contains(lines[2], "cannot check whether other relays have the same digest key: redis: NOPERM") {
		t.Errorf("%q, %v", lines, err)
	}
	if i := mustInspect(t, openRedis(t, s.config)); i.MemoryError == nil || i.KeyError == nil || i.OtherFingerprint != "" {
		t.Errorf("%+v", i)
	}
	s.login("geheim", slices.Concat(countertest.MayCount, []any{"+info", "+get", "+set"})...)
	if i := mustInspect(t, openRedis(t, s.config)); i.MemoryError != nil || i.KeyError != nil {
		t.Errorf("with +info +get +set: %+v", i)
	}
	if lines, err := Verify(t.Context(), s.config, digests); err != nil || len(lines) != 2 {
		t.Errorf("with +info +get +set: %q, %v", lines, err)
	}
	server.Stop()
	if _, err := openRedis(t, s.config).Inspect(t.Context(), true); err == nil || meaningOf(err) != redisAway {
		t.Errorf("stopped: %v", err)
	}
}

// Relays with different keys count the same recipients apart.
func TestInspectDigestKey(t *testing.T) {
	server := servers.StartRedis(t)
	config := countertest.RedisConfig(t, server.Address())
	ours, theirs := digests, digest.New([]byte("another key of thirty-two bytes and more"))
	behind := countertest.Direct(t, server)
	if _, err := Verify(t.Context(), config, theirs); err != nil {
		t.Errorf("before any relay has run: %v", err)
	}
	if n := behind.Exists(t.Context(), fingerprintKey).Val(); n != 0 {
		t.Error("check has decided whose key it is")
	}
	for range 2 {
		if i := mustInspect(t, openWith(t, config, ours)); i.OtherFingerprint != "" || i.KeyError != nil {
			t.Errorf("ours: %+v", i)
		}
		if i := mustInspect(t, openWith(t, config, theirs)); i.OtherFingerprint != ours.Fingerprint() || i.OtherFingerprint == i.Fingerprint {
			t.Errorf("theirs: %+v", i)
		}
	}
	if _, err := Verify(t.Context(), config, ours); err != nil {
		t.Errorf("ours: %v", err)
	}
	if _, err := Verify(t.Context(), config, theirs); err == nil || !strings.Contains(err.Error(), "store.digest_key_file: other relays have another key") {
		t.Errorf("theirs: %v", err)
	}
	// The key is changed on purpose.
	countertest.Do(t, behind, "DEL", fingerprintKey)
	if i := mustInspect(t, openWith(t, config, theirs)); i.OtherFingerprint != "" {
		t.Errorf("theirs, afterwards: %+v", i)
	}
	if i := mustInspect(t, openWith(t, config, ours)); i.OtherFingerprint == "" {
		t.Error("ours, afterwards: it agrees")
	}
	if got := behind.Get(t.Context(), fingerprintKey).Val(); len(got) != 16 {
		t.Errorf("stored: %q", got)
	}
	countertest.Do(t, behind, "DEL", fingerprintKey)
	countertest.Do(t, behind, "RPUSH", fingerprintKey, "x")
	if i := mustInspect(t, openWith(t, config, ours)); i.KeyError == nil || i.OtherFingerprint != "" {
		t.Errorf("something else in its place: %+v", i)
	}
}
