//go:build servers

package alert

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/rcptquota/rcptquota/quota/counter"
	"github.com/rcptquota/rcptquota/test/servers"
)

func redisConfig(t *testing.T, address string) counter.Config {
	t.Helper()
	config := counter.DefaultConfig()
	config.Kind, config.Addresses, config.DigestKeyFile = "redis", []string{address}, filepath.Join(t.TempDir(), "digest.key")
	if err := os.WriteFile(config.DigestKeyFile, []byte(strings.Repeat("k", 32)+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return config
}

// TestThreeRelays of one Redis raise an alert once, by mail, to the webhook and in the log.
// Without Redis, each raises it.
func TestThreeRelays(t *testing.T) {
	server, sink := servers.StartRedis(t), servers.StartSink(t)
	var posts, logged atomic.Int32
	hook := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { posts.Add(1) }))
	defer hook.Close()
	config := Default()
	config.Enabled, config.MailTo, config.SMTP, config.Webhook, config.Digest = true, []string{"admin@example.org"}, sink.Address, hook.URL, "07:00"
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	var relays []*Alerter
	for _, name := range []string{"mx1", "mx2", "mx3"} {
		settings, err := Open(config, name, redisConfig(t, server.Address()))
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = settings.Close() }()
		log := slog.New(slog.NewTextHandler(countingWriter{&logged}, nil))
		a := New(log, Sources{Settings: func() *Settings { return settings }, State: func() State { return State{} }})
		running.Go(func() { a.Run(ctx) })
		relays = append(relays, a)
	}
	defer running.Wait()
	defer cancel()
	told := func() [3]int { return [3]int{len(sink.Deliveries()), int(posts.Load()), int(logged.Load())} }
	refuse := func(sender string) {
		for _, relay := range relays {
			d := refused()
			d.Sender = sender
			relay.Observe(d)
		}
	}
	refuse("anne")
	if !servers.Wait(func() bool { return told() == [3]int{1, 1, 1} && idle(relays) }) {
		t.Fatalf("mails, posts, records: %v", told())
	}
	refuse("bruno") // by now, all have dealt with anne
	if !servers.Wait(func() bool { return told() == [3]int{2, 2, 2} && idle(relays) }) {
		t.Fatalf("mails, posts, records: %v", told())
	}
	alerts, err := relays[2].Settings().shared.Between(t.Context(), time.Now().Add(-time.Minute), time.Now().Add(time.Minute))
	if err != nil || len(alerts) != 2 || alerts[0].Sender != "anne" || alerts[1].Sender != "bruno" {
		t.Errorf("remembered: %+v, %v", alerts, err)
	}
	server.Stop()
	refuse("chloe")
	if !servers.Wait(func() bool { return told()[0] == 5 }) {
		t.Errorf("without Redis: %v", told())
	}
}

// idle reports whether nothing is left to be raised.
func idle(relays []*Alerter) bool {
	for _, a := range relays {
		if len(a.raised) > 0 {
			return false
		}
	}
	return true
}

type countingWriter struct{ n *atomic.Int32 }

func (w countingWriter) Write(line []byte) (int, error) {
	w.n.Add(int32(strings.Count(string(line), "msg=alert ")))
	return len(line), nil
}

// TestRedisKnowsNoSender: the key of a claim is a digest. The rights are those in
// configuration.md.
func TestRedisKnowsNoSender(t *testing.T) {
	server := servers.StartRedis(t)
	admin := redis.NewClient(&redis.Options{Addr: server.Address()})
	defer func() { _ = admin.Close() }()
	if err := admin.Do(t.Context(), "ACL", "SETUSER", "relay", "on", ">secret", "~rcptquota:*",
		"+@connection", "+@hash", "+@sortedset", "+evalsha", "+eval", "+time", "+pexpire", "+pttl", "+get", "+set").Err(); err != nil {
		t.Fatal(err)
	}
	config := redisConfig(t, server.Address())
	config.Username, config.PasswordFile = "relay", filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(config.PasswordFile, []byte("secret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := openRedis(config)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Close() }()
	for _, want := range []bool{true, false} {
		if mine, err := r.Claim(t.Context(), "refusal anne", time.Hour); mine != want || err != nil {
			t.Errorf("claimed: %v, %v; want %v", mine, err, want)
		}
	}
	if err := r.Add(t.Context(), &Alert{Time: noon}); err != nil {
		t.Error(err)
	}
	keys, err := admin.Keys(t.Context(), "rcptquota:alert:*").Result()
	if err != nil || len(keys) != 1 || strings.Contains(keys[0], "anne") {
		t.Errorf("keys %q, %v", keys, err)
	}
	if left := admin.PTTL(t.Context(), keys[0]).Val(); left <= 0 || left > time.Hour {
		t.Errorf("expires in %v", left)
	}
}

// TestClusterBehindOneAddress: the journal has one key, which is on another node more often
// than not.
func TestClusterBehindOneAddress(t *testing.T) {
	for i, node := range servers.StartRedisCluster(t) {
		r, err := openRedis(redisConfig(t, node.Address()))
		if err != nil {
			t.Fatal(err)
		}
		if err := r.Add(t.Context(), &Alert{Time: noon.Add(time.Duration(i) * time.Second)}); err != nil {
			t.Error(err)
		}
		if alerts, err := r.Between(t.Context(), noon, noon.Add(time.Hour)); len(alerts) != i+1 || err != nil {
			t.Errorf("%d alerts, %v; want %d", len(alerts), err, i+1)
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	}
}

// TestAClaimWhoseReplyIsLost is still the claim of the relay that made it, and of no other.
func TestAClaimWhoseReplyIsLost(t *testing.T) {
	server := servers.StartRedis(t)
	r, err := openRedis(redisConfig(t, server.Address()))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Close() }()
	// Loaded before, so that the reply that is lost is the one of the claim.
	if err := claimScript.Load(t.Context(), r.client).Err(); err != nil {
		t.Fatal(err)
	}
	r.client.AddHook(&losesReply{})
	for _, want := range []bool{true, false} {
		if mine, err := r.Claim(t.Context(), "refusal anne", time.Hour); mine != want || err != nil {
			t.Errorf("claimed: %v, %v; want %v", mine, err, want)
		}
	}
}

// losesReply sends the first command twice, as go-redis does when the reply is lost.
type losesReply struct{ lost bool }

func (*losesReply) DialHook(next redis.DialHook) redis.DialHook { return next }

func (*losesReply) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

func (l *losesReply) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		if !l.lost {
			l.lost = true
			_ = next(ctx, cmd)
		}
		return next(ctx, cmd)
	}
}
