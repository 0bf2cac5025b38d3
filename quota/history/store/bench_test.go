//go:build servers

package store

import (
	"fmt"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/rcptquota/rcptquota/quota/history"
	"github.com/rcptquota/rcptquota/test/servers"
)

const benchRecords = 100_000

func benchRecord(i int) history.Record {
	r := full
	r.Time, r.QueueID, r.Sender = time.Now(), fmt.Sprintf("4F%07X", i), fmt.Sprintf("user%d", i%1000)
	r.Reply = "450 4.7.1 En 24 h vous avez ecrit a 450 destinataires; avec les 120 de ce message, vous depasseriez votre limite de 500. " +
		"Reessayez a partir du 25/11/2026 a 10:30, ou adressez-vous a l'assistance de votre etablissement (reference 4Fxy)."
	return r
}

// BenchmarkHundredThousand tells what reading and writing take with 100,000 records.
func BenchmarkHundredThousand(b *testing.B) {
	server := servers.StartRedis(b)
	client := redis.NewClient(&redis.Options{Addr: server.Address()})
	stores := map[string]Store{"file": OpenFile(b.TempDir(), many), "redis": OpenRedis(client, many)}
	for name, s := range stores {
		defer s.Close() //nolint:errcheck // of no interest here
		fill(b, s)
		b.Run(name, func(b *testing.B) {
			b.Run("find", func(b *testing.B) {
				i := 0
				for b.Loop() {
					i = (i + 7919) % benchRecords
					if found, err := s.Find(b.Context(), fmt.Sprintf("4F%07X", i)); len(found) != 1 || err != nil {
						b.Fatal(found, err)
					}
				}
			})
			b.Run("search all", func(b *testing.B) {
				for b.Loop() {
					n := 0
					for _, err := range history.Search(b.Context(), s, history.Query{Sender: "user7"}) {
						if err != nil {
							b.Fatal(err)
						}
						n++
					}
					if n != benchRecords/1000 {
						b.Fatal(n)
					}
				}
			})
			b.Run("append 100, trimming", func(b *testing.B) {
				i := benchRecords
				for b.Loop() {
					batch := make([]history.Record, 100)
					for j := range batch {
						batch[j] = benchRecord(i)
						i++
					}
					if err := s.Append(b.Context(), batch); err != nil {
						b.Fatal(err)
					}
				}
			})
		})
	}
	for _, key := range []string{decisionsKey, referencesKey} {
		n, err := client.MemoryUsage(b.Context(), key).Result()
		b.Logf("%s: %d bytes, %v", key, n, err)
	}
}

func fill(b *testing.B, s Store) {
	b.Helper()
	for i := 0; i < benchRecords; {
		batch := make([]history.Record, 1000)
		for j := range batch {
			batch[j] = benchRecord(i)
			i++
		}
		if err := s.Append(b.Context(), batch); err != nil {
			b.Fatal(err)
		}
	}
}
