//go:build servers && soak

package soak

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/rcptquota/rcptquota/test/random"
	"github.com/rcptquota/rcptquota/test/servers"
)

const (
	attempts    = 10_000
	connections = 32 // to each relay

	copiesPer, mostCopies     = 2 * time.Second, 2000
	distinctPer, mostDistinct = time.Second, 800
)

// windowsUnderTest are exceeded all the time, by turns.
var windowsUnderTest = window("2s", mostCopies, "copies") + window("1s", mostDistinct, "distinct")

// redisStore writes the table of a Redis.
func redisStore(timeout time.Duration, addresses ...string) string {
	return fmt.Sprintf("[store]\nkind = \"redis\"\ndigest_key_file = \"key\"\ntimeout = \"%v\"\naddresses = [\"%s\"]\n",
		timeout, strings.Join(addresses, `", "`))
}

func TestOvershoot(t *testing.T) {
	for name, start := range map[string]func(*testing.T) []string{
		"redis":    redisAddress,
		"cluster":  clusterAddresses,
		"embedded": func(*testing.T) []string { return nil },
	} {
		t.Run(name, func(t *testing.T) { overshoot(t, start(t)) })
	}
}

func redisAddress(t *testing.T) []string {
	t.Helper()
	return []string{servers.StartRedis(t).Address()}
}

func clusterAddresses(t *testing.T) []string {
	t.Helper()
	var addresses []string
	for _, node := range servers.StartRedisCluster(t) {
		addresses = append(addresses, node.Address())
	}
	return addresses
}

// overshoot sends as one sender to three relays on a Redis, or to one without.
func overshoot(t *testing.T, addresses []string) {
	t.Helper()
	store, count := "", 1
	if len(addresses) > 0 {
		// Redis is there: what a relay would decide alone, when the machine is too busy, is another test's.
		store, count = redisStore(5*time.Second, addresses...), 3
	}
	var relays []*relay
	for range count {
		relays = append(relays, startRelay(t, servers.Scratch(t), windowsUnderTest+record, store))
	}
	l := &load{t: t, random: random.New(t), logins: []string{"anne"}, people: 1000, most: 40, pause: bursts(10 * 3 / count)}
	each := (attempts + count*connections - 1) / (count * connections)
	start := time.Now()
	l.run(t.Context(), relays, connections, each)
	elapsed := time.Since(start)
	accepted := l.all[committed]
	var all []kept
	if len(addresses) > 0 {
		client := redis.NewUniversalClient(&redis.UniversalOptions{Addrs: addresses})
		defer client.Close()                                                                             //nolint:errcheck // nothing is written
		servers.Wait(func() bool { all = inRedis(t, client, "anne"); return len(all) == len(accepted) }) // nobody waits for an abort
	} else {
		relays[0].stop()
		all = inFile(t, relays[0], "anne")
	}
	forgotten, surplus := pair(accepted, nil, all)
	if len(forgotten) > 0 || len(surplus) > 0 {
		t.Errorf("of the messages that were committed the store has forgotten %d, and holds %d that are none", len(forgotten), len(surplus))
	}
	most, people := fullest(all, copiesPer), mostReached(accepted)
	t.Logf("%d attempts in %v: %d committed, %d were given back, %d deferred; the slowest decision took %v",
		l.attempts(), elapsed.Round(time.Millisecond), len(accepted), len(l.all[givenBack]), len(l.all[deferred]), l.slow)
	t.Logf("the fullest %v held %d copies of %d, the fullest %v reached at least %d people of %d", copiesPer, most, mostCopies, distinctPer, people, mostDistinct)
	if most > mostCopies || most < mostCopies-l.most || people > mostDistinct {
		t.Error("that is too much, or too little to have been a test")
	}
	for _, r := range relays {
		if n := r.degraded(); n > 0 {
			t.Errorf("%d messages were decided on without the store", n)
		}
	}
	told := used(t, relays[0], store)
	t.Logf("the store holds %d messages, %d copies; a probing message is told %d", len(all), copies(all), told)
	if told != copies(all) {
		t.Errorf("a message is told that %d copies count; the store holds %d", told, copies(all))
	}
}

// bursts has one message of so many wait: the connections press against the
// windows many times, and for some periods.
func bursts(of int) func(*rand.Rand) time.Duration {
	return func(random *rand.Rand) time.Duration {
		if random.IntN(of) > 0 {
			return 0
		}
		return time.Duration(random.Int64N(int64(2 * time.Second)))
	}
}

// mostReached is the most people whom messages, each of them decided wholly in a
// period, have reached in it.
func mostReached(all []attempt) int {
	most := 0
	for _, last := range all {
		reached := map[int]struct{}{}
		for _, a := range all {
			if a.sent.After(last.replied.Add(-distinctPer)) && !a.replied.After(last.replied) {
				for _, p := range a.people {
					reached[p] = struct{}{}
				}
			}
		}
		most = max(most, len(reached))
	}
	return most
}

// used is what a message is told that the record holds: it meets the same store
// by a relay on which that is full.
func used(t *testing.T, r *relay, store string) int {
	t.Helper()
	r.kill()
	r.log.Forget()
	full := startRelay(t, r.dir, window("1h", 1, "copies"), store)
	l := &load{t: t, random: random.New(t), logins: []string{"anne"}, people: 1, most: 1, pause: steadily(time.Millisecond)}
	l.run(t.Context(), []*relay{full}, 1, 1)
	pattern := regexp.MustCompile(`msg=deferred .* used=(\d+) `)
	lines, err := r.log.Await(pattern, 1)
	if err != nil {
		t.Fatal(err)
	}
	n, err := strconv.Atoi(pattern.FindStringSubmatch(lines[len(lines)-1])[1])
	if err != nil {
		t.Fatal(err)
	}
	return n
}
