//go:build servers

package main

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rcptquota/rcptquota/cmd/rcptquota/config"
	"github.com/rcptquota/rcptquota/cmd/rcptquota/service"
	"github.com/rcptquota/rcptquota/ldapcache"
	"github.com/rcptquota/rcptquota/ldapcache/roster"
	"github.com/rcptquota/rcptquota/test/servers"
)

// relayConfig is a relay of its own at one Redis, with the calendar and the
// directory that are given.
func relayConfig(t *testing.T, redis *servers.Redis, calendar, directory string) *config.Config {
	t.Helper()
	dir := servers.WriteFiles(t, map[string]string{
		"digest.key":     strings.Repeat("x", 32),
		"directory.toml": directory,
		"rcptquota.toml": "state_dir = \"absent\"\n[premium]\ntimezone = \"UTC\"\n" + calendar +
			"[store]\nkind = \"redis\"\ntimeout = \"5s\"\ndigest_key_file = \"digest.key\"\naddresses = [\"" + redis.Address() + "\"]\n",
	})
	c, err := config.Load(filepath.Join(dir, "rcptquota.toml"))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// startKeeping keeps the roster as serve does, until the end of the test.
func startKeeping(t *testing.T, c *config.Config) *roster.Keeper {
	t.Helper()
	directory, err := ldapcache.Open(c.Directory, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = directory.Close() })
	p, err := service.OpenRoster(t.Context(), c, directory, slog.New(slog.NewTextHandler(t.Output(), nil)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	return p.Keeper
}

const (
	anne           = "[[sender]]\nlogin = \"anne\"\n"
	anneDesignated = anne + "[[premium]]\nestablishment = \"0310001A\"\nlogins = [\"anne\"]\n"
)

// TestTwoRelaysOfOneRedis: what one copies at the cutoff is in effect on both at
// the same moment, though the other's directory says something else; and a refresh
// reaches both.
func TestTwoRelaysOfOneRedis(t *testing.T) {
	redis := servers.StartRedis(t)
	ahead := func(d time.Duration) string { return time.Now().UTC().Add(d).Format("Mon 15:04:05") }
	calendar := "cutoff = \"" + ahead(4*time.Second) + "\"\ntakes_effect = \"" + ahead(7*time.Second) + "\"\n"
	one, two := relayConfig(t, redis, calendar, anne), relayConfig(t, redis, calendar, anne)
	keepers := []*roster.Keeper{startKeeping(t, one), startKeeping(t, two)}
	first := keepers[0].InEffect()
	if first == nil || first.Reason != roster.FirstStart || len(first.Elected) != 0 {
		t.Fatalf("at first: %+v", first)
	}
	for _, c := range []*config.Config{one, two} { // a change that has settled
		path := filepath.Join(filepath.Dir(c.Store.DigestKeyFile), "directory.toml")
		if err := os.WriteFile(path, []byte(anneDesignated), 0o600); err != nil {
			t.Fatal(err)
		}
		past := time.Now().Add(-time.Minute)
		if err := os.Chtimes(path, past, past); err != nil {
			t.Fatal(err)
		}
	}
	for i, keeper := range keepers {
		if !servers.Wait(func() bool { premium, _ := keeper.Premium("anne"); return premium }) {
			t.Fatalf("relay %d: anne is not premium", i)
		}
		c, now := keeper.InEffect(), time.Now()
		if c.Reason != roster.AtCutoff || now.Before(c.Effect) || c.Effect.Sub(c.Cutoff) != 3*time.Second || !c.Taken.Equal(keepers[0].InEffect().Taken) {
			t.Errorf("relay %d at %v: %+v", i, now, c)
		}
		if premium, err := keeper.Premium("bruno"); premium || err != nil {
			t.Errorf("relay %d: bruno: %v, %v", i, premium, err)
		}
	}

	var out bytes.Buffer
	if err := showRoster(t.Context(), two, &out); err != nil || !strings.Contains(out.String(), ": 1 premium sender, ") || !strings.Contains(out.String(), " (cutoff)\n  0310001A  anne\n") {
		t.Errorf("shown: %v\n%s", err, out.String())
	}
	three := relayConfig(t, redis, calendar, anne)
	if err := refreshRoster(t.Context(), three, &out); err != nil {
		t.Fatal(err)
	}
	for i, keeper := range keepers {
		if !servers.Wait(func() bool { premium, err := keeper.Premium("anne"); return !premium && err == nil }) {
			t.Errorf("relay %d has not seen the refresh: %+v", i, keeper.InEffect())
		}
	}
}

// TestRosterWithRedisAway: a relay that starts without Redis is not sure who
// is premium, says so, and learns it when Redis is there.
func TestRosterWithRedisAway(t *testing.T) {
	redis := servers.StartRedis(t)
	c := relayConfig(t, redis, "", anneDesignated)
	c.Store.Timeout.Duration = 100 * time.Millisecond
	redis.Stop()
	directory, err := ldapcache.Open(c.Directory, nil)
	if err != nil {
		t.Fatal(err)
	}
	keeper := startKeeping(t, c)
	around := roster.Directory{Directory: directory, Roster: keeper}
	s, err := around.Sender(t.Context(), "anne")
	if err != nil || s.Premium || s.Doubt == nil || !strings.HasPrefix(s.Doubt.Error(), "premium roster: redis: ") {
		t.Errorf("without Redis: %+v, %v", s, err)
	}
	if err := refreshRoster(t.Context(), c, &bytes.Buffer{}); err == nil {
		t.Error("refreshed without Redis")
	}
	redis.Start()
	if !servers.Wait(func() bool {
		s, err = around.Sender(t.Context(), "anne")
		return err == nil && s.Premium && s.Doubt == nil
	}) {
		t.Errorf("with Redis: %+v, %v", s, err)
	}
}
