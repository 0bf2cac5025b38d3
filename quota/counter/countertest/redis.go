//go:build servers

package countertest

import (
	"context"
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/rcptquota/rcptquota/quota/conf"
	"github.com/rcptquota/rcptquota/quota/counter/digest"
	"github.com/rcptquota/rcptquota/quota/counter/endpoint"
	"github.com/rcptquota/rcptquota/test/servers"
)

// RedisConfig is the configuration of a store on the servers; its deadline is one that a
// busy machine keeps.
func RedisConfig(t testing.TB, addresses ...string) endpoint.Config {
	t.Helper()
	config := endpoint.Config{Addresses: addresses, Timeout: conf.Duration{Duration: 5 * time.Second}}
	if err := config.Validate(); err != nil {
		t.Fatal(err)
	}
	return config
}

// Key is the key of the relays' digests.
const Key = "0123456789abcdef0123456789abcdef"

// Direct is a client to look behind the store's back.
func Direct(t testing.TB, s *servers.Redis) *redis.Client {
	t.Helper()
	client := redis.NewClient(&redis.Options{Addr: s.Socket()})
	t.Cleanup(func() { _ = client.Close() })
	return client
}

// Do runs a command behind the store's back.
func Do(t testing.TB, client *redis.Client, args ...any) {
	t.Helper()
	if err := client.Do(t.Context(), args...).Err(); err != nil {
		t.Fatalf("%v: %v", args, err)
	}
}

// MayCount are the rules of an ACL user with the permissions that counting needs
// (deploy/postfix/configuration.md, "Redis"), whose password is "geheim".
var MayCount = []any{"reset", "on", ">geheim", "~rcptquota:*", "resetchannels", "+@connection", "+@hash", "+@sortedset",
	"+evalsha", "+eval", "+time", "+pexpire", "+pttl"}

// Kept is what Redis holds of a sender; see common.lua.
type Kept struct {
	Reached  map[string]int64 // by digest
	Messages []Accepted
	IDs      map[string]bool // of the messages
	State    map[string]string
	Open     []string // ids
}

// Stored reads what Redis holds of the sender whose keys these are.
func Stored(t testing.TB, client redis.Cmdable, keys []string) Kept {
	t.Helper()
	k := Kept{Reached: map[string]int64{}, IDs: map[string]bool{}}
	for _, z := range client.ZRangeWithScores(t.Context(), keys[0], 0, -1).Val() {
		k.Reached[z.Member.(string)] = int64(z.Score)
	}
	for _, z := range client.ZRangeWithScores(t.Context(), keys[1], 0, -1).Val() {
		number, id, _ := strings.Cut(z.Member.(string), ":")
		n, err := strconv.Atoi(number)
		if err != nil {
			t.Fatalf("%q: %v", z.Member, err)
		}
		k.Messages = append(k.Messages, Accepted{time.UnixMicro(int64(z.Score)), n})
		k.IDs[id] = true
	}
	k.State = client.HGetAll(t.Context(), keys[2]).Val()
	for r := range strings.SplitSeq(k.State["open"], ";") {
		if id, _, found := strings.Cut(r, " "); found {
			k.Open = append(k.Open, id)
		}
	}
	return k
}

// Total adds up the messages' recipients.
func (k Kept) Total() int {
	sum := 0
	for _, m := range k.Messages {
		sum += m.N
	}
	return sum
}

// Evaluations is how many scripts clients had the server run.
func Evaluations(t testing.TB, client *redis.Client) int {
	t.Helper()
	calls := 0
	for line := range strings.Lines(client.Info(t.Context(), "commandstats").Val()) {
		name, stats, _ := strings.Cut(line, ":")
		if strings.HasPrefix(name, "cmdstat_eval") {
			var n int
			if _, err := fmt.Sscanf(stats, "calls=%d,", &n); err != nil {
				t.Fatal(err)
			}
			calls += n
		}
	}
	return calls
}

// Hook stands between the store and its client.
type Hook func(ctx context.Context, cmd redis.Cmder, next redis.ProcessHook) error

// DialHook implements [redis.Hook].
func (h Hook) DialHook(next redis.DialHook) redis.DialHook { return next }

// ProcessPipelineHook implements [redis.Hook].
func (h Hook) ProcessPipelineHook(n redis.ProcessPipelineHook) redis.ProcessPipelineHook { return n }

// ProcessHook implements [redis.Hook].
func (h Hook) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		err := h(ctx, cmd, next)
		cmd.SetErr(err)
		return err
	}
}

// DigestsOf returns what Redis keeps of the people: 8 bytes of each.
func DigestsOf(people []int) map[string]bool {
	all := map[string]bool{}
	for d := range digest.New([]byte(Key)).All(Addresses(people)) {
		all[string(binary.BigEndian.AppendUint64(nil, uint64(d)))] = true
	}
	return all
}

// Many are enough senders for each master of a Cluster to have some.
func Many() []string {
	var senders []string
	for i := range 20 {
		senders = append(senders, fmt.Sprintf("sender%d", i))
	}
	return senders
}
