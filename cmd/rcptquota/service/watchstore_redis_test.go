//go:build servers

package service

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rcptquota/rcptquota/cmd/rcptquota/config"
	"github.com/rcptquota/rcptquota/quota"
	"github.com/rcptquota/rcptquota/quota/counter"
	"github.com/rcptquota/rcptquota/test/servers"
)

// logged is a log that is read while it is written.
type logged struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logged) has(msg string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Contains(l.text.String(), msg)
}

// Two relays at one Redis, which evicts; the second has another digest key.
func TestServeTellsOfRedis(t *testing.T) {
	redis := servers.StartRedis(t, "--maxmemory", "100mb", "--maxmemory-policy", "volatile-lru")
	const class = "[class.all]\nrecipients = 150\n[[class.all.window]]\nper = \"1h\"\nrecipients = 500\n"
	for i, differs := range []bool{false, true} {
		c := relayConfig(t, redis, class)
		c.StateDir = t.TempDir()
		if differs {
			if err := os.WriteFile(c.Store.DigestKeyFile, []byte(strings.Repeat("y", 32)), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		store, err := openCounter(c)
		if err != nil {
			t.Fatal(err)
		}
		var log logged
		stop := watchStore(t.Context(), slog.New(slog.NewTextHandler(&log, nil)), store)
		wants := []string{"level=WARN msg=redis_evicts server=" + redis.Address() + " maxmemory_policy=volatile-lru maxmemory=104857600"}
		if differs {
			wants = append(wants, "level=ERROR msg=digest_key_differs")
		}
		for _, want := range wants {
			if !servers.Wait(func() bool { return log.has(want) }) {
				t.Errorf("relay %d does not say %s", i, want)
			}
		}
		if !differs && log.has("digest_key") {
			t.Error("the first relay disagrees with itself")
		}
		stop()
		count, err := store.Reserve(context.WithoutCancel(t.Context()), &quota.Reservation{
			Ticket:  quota.Ticket{Sender: "anne", ID: "a"},
			Windows: []quota.Window{{Per: time.Hour, Recipients: 500, Count: quota.Distinct}}, Recipients: slices.Values([]string{"b@example.org"}), N: 1,
		})
		if err != nil || count.Exceeded != -1 || count.Degraded != nil {
			t.Errorf("relay %d: mail does not go on: %+v, %v", i, count, err)
		}
		if err := store.Close(); err != nil {
			t.Error(err)
		}
		lines, err := counter.Verify(t.Context(), c.Store)
		if said := err != nil && strings.HasPrefix(err.Error(), "store.digest_key_file: other relays have another key"); said != differs {
			t.Errorf("check of relay %d: %q, %v", i, lines, err)
		}
		if !differs && !slices.ContainsFunc(lines, func(l string) bool { return strings.Contains(l, "may evict what is counted") }) {
			t.Errorf("check: %q", lines)
		}
	}
}

// relayConfig is a relay of its own at one Redis.
func relayConfig(t *testing.T, redis *servers.Redis, classes string) *config.Config {
	t.Helper()
	dir := servers.WriteFiles(t, map[string]string{
		"digest.key": strings.Repeat("x", 32),
		"rcptquota.toml": "state_dir = \"absent\"\n" + classes +
			"[store]\nkind = \"redis\"\ntimeout = \"5s\"\ndigest_key_file = \"digest.key\"\naddresses = [\"" + redis.Address() + "\"]\n",
	})
	c, err := config.Load(filepath.Join(dir, "rcptquota.toml"))
	if err != nil {
		t.Fatal(err)
	}
	return c
}
