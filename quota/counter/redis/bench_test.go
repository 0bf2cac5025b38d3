//go:build servers

package redis

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/rcptquota/rcptquota/quota"
	"github.com/rcptquota/rcptquota/quota/counter/countertest"
	"github.com/rcptquota/rcptquota/test/servers"
)

// BenchmarkRedis times messages to the same people over and over, each reserved
// and accepted, beside plain INCRBY through the same client, and reports what
// they cost by the server's own clock.
func BenchmarkRedis(b *testing.B) {
	server := servers.StartRedis(b)
	r, client := openRedis(b, countertest.RedisConfig(b, server.Address())), countertest.Direct(b, server)
	b.Run("INCRBY", func(b *testing.B) {
		b.ReportAllocs()
		serverClock(b, client, "incrby", func() {
			for b.Loop() {
				if err := r.client.IncrBy(b.Context(), "plain", 10).Err(); err != nil {
					b.Fatal(err)
				}
			}
		})
	})
	for _, size := range []int{1, 10, 150, 1000, 5000} {
		for name, limit := range map[string]int{"": 2 * size, ",full": size} {
			b.Run(fmt.Sprintf("recipients=%d%s", size, name), func(b *testing.B) {
				b.ReportAllocs()
				serverClock(b, client, "evalsha", func() { benchmarkReservations(b, r, size, limit) })
			})
		}
	}
}

// benchmarkReservations takes a hundred senders in turn, who may reach so many
// people in an hour.
func benchmarkReservations(b *testing.B, c quota.Counter, size, limit int) {
	b.Helper()
	windows := []quota.Window{
		{Per: time.Hour, Recipients: limit, Count: quota.Distinct},
		{Per: 24 * time.Hour, Recipients: 1_000_000_000, Count: quota.Copies},
	}
	var recipients quota.Recipients
	for i := range size {
		recipients.Add(fmt.Sprintf("recipient%d@example.org", i))
	}
	senders := make([]string, 100)
	for i := range senders {
		senders[i] = fmt.Sprintf("sender%d/%d/%d", size, limit, i)
	}
	for i := 0; b.Loop(); i++ {
		r := quota.Reservation{
			Ticket:  quota.Ticket{Sender: senders[i%len(senders)], ID: strconv.Itoa(i)},
			Windows: windows, Recipients: recipients.All(), N: size,
		}
		if count, err := c.Reserve(b.Context(), &r); err != nil || count.Exceeded >= 0 {
			b.Fatal(count, err)
		}
		if err := c.Settle(b.Context(), r.Ticket, true); err != nil {
			b.Fatal(err)
		}
	}
}

// serverClock reports how long the server took for a command called in do.
func serverClock(b *testing.B, client *redis.Client, command string, do func()) {
	b.Helper()
	client.ConfigResetStat(b.Context())
	do()
	for line := range strings.Lines(client.Info(b.Context(), "commandstats").Val()) {
		if stats, ok := strings.CutPrefix(line, "cmdstat_"+command+":"); ok {
			var calls, usec int
			if _, err := fmt.Sscanf(stats, "calls=%d,usec=%d,", &calls, &usec); err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(float64(usec)/float64(calls), "server-µs/op")
		}
	}
}

// BenchmarkAsking times questions about a sender with 5000 entries in each window, beside
// a message of that sender. The message that is reserved and released is to one person.
func BenchmarkAsking(b *testing.B) {
	const entries = 5000
	server := servers.StartRedis(b)
	r, client := openRedis(b, countertest.RedisConfig(b, server.Address())), countertest.Direct(b, server)
	windows := []quota.Window{
		{Per: time.Hour, Recipients: entries, Count: quota.Distinct},
		{Per: 24 * time.Hour, Recipients: 2 * entries, Count: quota.Copies},
	}
	for i := range entries {
		m := countertest.ToReserve("anne", strconv.Itoa(i), windows, countertest.People(i, i+1))
		countertest.MustReserve(b, r, m)
		countertest.MustSettle(b, r, m.Ticket, true)
	}
	for name, people := range map[string][]int{"fits": countertest.People(0, 1), "full": countertest.People(entries-1, entries+1), "fits,recipients=5000": countertest.People(0, entries), "full,recipients=5000": countertest.People(1, entries+1)} {
		m := countertest.ToReserve("anne", "", windows, people)
		b.Run("Try/"+name, func(b *testing.B) {
			serverClock(b, client, "evalsha", func() {
				for b.Loop() {
					if _, err := r.Try(b.Context(), m); err != nil {
						b.Fatal(err)
					}
				}
			})
		})
	}
	for _, parts := range []int{0, 24} {
		b.Run(fmt.Sprintf("Usage/parts=%d", parts), func(b *testing.B) {
			serverClock(b, client, "evalsha", func() {
				for b.Loop() {
					countertest.MustUse(b, r, "anne", windows, parts)
				}
			})
		})
	}
	b.Run("Reserve", func(b *testing.B) {
		serverClock(b, client, "evalsha", func() {
			for i := 0; b.Loop(); i++ {
				m := countertest.ToReserve("anne", "b"+strconv.Itoa(i), windows, countertest.People(0, 1))
				countertest.MustReserve(b, r, m)
				countertest.MustSettle(b, r, m.Ticket, false)
			}
		})
	})
}
