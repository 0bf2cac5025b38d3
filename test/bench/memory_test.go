//go:build servers && bench

package bench

import (
	"fmt"
	"iter"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/rcptquota/rcptquota/quota"
	"github.com/rcptquota/rcptquota/quota/conf"
	"github.com/rcptquota/rcptquota/quota/counter/digest"
	"github.com/rcptquota/rcptquota/quota/counter/endpoint"
	"github.com/rcptquota/rcptquota/quota/counter/local"
	"github.com/rcptquota/rcptquota/quota/counter/redis"
	"github.com/rcptquota/rcptquota/test/servers"
)

const (
	activeSenders    = 1_000_000
	recipientsOfEach = 10
)

// BenchmarkMemory has a million senders write to ten recipients each, and
// reports what they take. One iteration is all of it: run it with -benchtime 1x.
func BenchmarkMemory(b *testing.B) {
	b.Run("embedded", func(b *testing.B) {
		for b.Loop() {
			dir := servers.Scratch(b)
			before := heap()
			l, err := local.Open(dir)
			if err != nil {
				b.Fatal(err)
			}
			fill(b, l)
			b.ReportMetric(float64(heap()-before)/activeSenders, "B/sender")
			if err := l.Close(); err != nil {
				b.Fatal(err)
			}
			if info, err := os.Stat(filepath.Join(dir, "windows.db")); err == nil {
				b.ReportMetric(float64(info.Size())/activeSenders, "disk-B/sender")
			}
		}
	})
	b.Run("redis", func(b *testing.B) {
		for b.Loop() {
			server := servers.StartRedis(b)
			config := endpoint.Config{Addresses: []string{server.Address()}, Timeout: conf.Duration{Duration: 10 * time.Second}}
			r, err := redis.Open(config, digest.New([]byte("0123456789012345678901234567890123456789")))
			if err != nil {
				b.Fatal(err)
			}
			before := usedMemory(b, server.Address())
			fill(b, r)
			b.ReportMetric((usedMemory(b, server.Address())-before)/activeSenders, "B/sender")
			if err := r.Close(); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// fill reserves one message of each sender, which stands.
func fill(b *testing.B, c quota.Counter) {
	b.Helper()
	const workers = 16
	windows := []quota.Window{
		{Per: time.Hour, Recipients: 500, Count: quota.Distinct},
		{Per: 24 * time.Hour, Recipients: 2000, Count: quota.Copies},
	}
	var all sync.WaitGroup
	for w := range workers {
		all.Go(func() {
			for i := w; i < activeSenders; i += workers {
				t := quota.Ticket{Sender: fmt.Sprintf("sender%d", i), ID: strconv.Itoa(i)}
				count, err := c.Reserve(b.Context(), &quota.Reservation{
					Ticket: t, Windows: windows, Recipients: people(i), N: recipientsOfEach,
				})
				if err == nil && count.Exceeded < 0 {
					err = c.Settle(b.Context(), t, true)
				}
				if err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
}

func people(sender int) iter.Seq[string] {
	return func(yield func(string) bool) {
		for i := range recipientsOfEach {
			if !yield(fmt.Sprintf("r%d-%d@example.org", sender, i)) {
				return
			}
		}
	}
}

// heap is what is in use after a collection, in bytes.
func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

var usedMemoryLine = regexp.MustCompile(`used_memory:(\d+)`)

// usedMemory asks Redis for the memory it uses, in bytes.
func usedMemory(b *testing.B, address string) float64 {
	b.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if _, err := conn.Write([]byte("INFO memory\r\n")); err != nil {
		b.Fatal(err)
	}
	answer := make([]byte, 8192)
	n, err := conn.Read(answer)
	if err != nil {
		b.Fatal(err)
	}
	found := usedMemoryLine.FindSubmatch(answer[:n])
	if found == nil {
		b.Fatalf("INFO says %q", answer[:n])
	}
	used, err := strconv.ParseFloat(string(found[1]), 64)
	if err != nil {
		b.Fatal(err)
	}
	return used
}
