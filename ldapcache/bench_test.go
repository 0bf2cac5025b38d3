package ldapcache

import (
	"fmt"
	"runtime"
	"sync/atomic"
	"testing"

	lru "github.com/hashicorp/golang-lru/v2"

	"github.com/rcptquota/rcptquota/quota"
)

// BenchmarkHit looks up a thousand remembered senders; it is to be held against
// BenchmarkBareLRU, which is its floor.
func BenchmarkHit(b *testing.B) {
	logins := thousand()
	d := roomyDirectory(b, &oracle{sender: teacher("0310001A")})
	each(b, logins, func(login string) bool {
		_, err := d.Sender(b.Context(), login)
		return err == nil
	})
}

func BenchmarkBareLRU(b *testing.B) {
	logins := thousand()
	entries, err := lru.New[string, *entry[quota.Sender]](100_000)
	if err != nil {
		b.Fatal(err)
	}
	for _, login := range logins {
		entries.Add(login, &entry[quota.Sender]{})
	}
	each(b, logins, func(login string) bool {
		_, ok := entries.Get(login)
		return ok
	})
}

func thousand() []string {
	logins := make([]string, 1000)
	for i := range logins {
		logins[i] = fmt.Sprintf("prenom.nom%d", i)
	}
	return logins
}

// each looks up the logins in turn, by one goroutine and by 64.
func each(b *testing.B, logins []string, lookup func(login string) bool) {
	b.Helper()
	for _, login := range logins {
		if !lookup(login) {
			b.Fatalf("%s is lost", login)
		}
	}
	b.Run("alone", func(b *testing.B) {
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			lookup(logins[i%len(logins)])
		}
	})
	b.Run("64 goroutines", func(b *testing.B) {
		b.ReportAllocs()
		b.SetParallelism(max(1, 64/runtime.GOMAXPROCS(0)))
		var goroutines atomic.Int64
		b.RunParallel(func(pb *testing.PB) {
			for i := int(goroutines.Add(1)) * 16; pb.Next(); i++ {
				lookup(logins[i%len(logins)])
			}
		})
	})
}
