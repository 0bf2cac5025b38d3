//go:build servers && bench

package bench

import (
	"fmt"
	"log/slog"
	"net"
	"path/filepath"
	"testing"
	"time"

	"github.com/rcptquota/rcptquota/ldapcache"
	"github.com/rcptquota/rcptquota/milter"
	"github.com/rcptquota/rcptquota/milter/reply"
	"github.com/rcptquota/rcptquota/quota"
	"github.com/rcptquota/rcptquota/quota/history"
	"github.com/rcptquota/rcptquota/quota/history/store"
	"github.com/rcptquota/rcptquota/test/servers"
)

// BenchmarkHistory shows the same messages to two milters in this process, one of which
// keeps decision records in a file and asks for grants. Either no message leaves a record,
// or each does, since it is over a limit that is not enforced. It reports the ratio of
// their rates, and how many records were lost of those for which there was no time.
func BenchmarkHistory(b *testing.B) {
	for kind, limit := range map[string]int{"accepted": 5000, "would_refuse": 1} {
		for _, recipients := range []int{2, 10, 150, 1000} {
			b.Run(fmt.Sprintf("%s/recipients=%d", kind, recipients), func(b *testing.B) {
				dir := servers.Scratch(b)
				on, off := filepath.Join(dir, "on.sock"), filepath.Join(dir, "off.sock")
				recorder := serveHistory(b, on, limit, dir)
				serveHistory(b, off, limit, "")
				a, z := dialMTA(b, on), dialMTA(b, off)
				message := milterMessage(recipients)
				batch := max(2000/(recipients+10), 5)
				messages := 0
				var ratios []float64
				for b.Loop() {
					for range pairsPerLoop {
						with, without := a.rate(b, message, batch), z.rate(b, message, batch)
						ratios = append(ratios, with/without)
						messages += batch
					}
				}
				b.ReportMetric(0, "ns/op")
				b.ReportMetric(median(ratios), "ratio")
				b.ReportMetric(100*float64(recorder.Lost())/float64(messages), "%lost")
			})
		}
	}
}

// recording keeps a record as the program does.
type recording struct{ *history.Recorder }

// Observe implements [milter.Observer].
func (r recording) Observe(d *milter.Decision) {
	if !history.Leaves(d.Verdict) {
		return
	}
	record := history.Of(d.Verdict)
	record.Time, record.Relay, record.QueueID = time.Now().UTC(), "mx1", d.QueueID
	record.Client, record.Role, record.Reply = d.Client, d.Role.String(), d.Reply
	r.Add(record)
}

// serveHistory serves a class of a limit that is not enforced; with a folder, it keeps
// records and grants there.
func serveHistory(b *testing.B, socket string, limit int, dir string) *history.Recorder {
	b.Helper()
	config := quota.DefaultConfig()
	config.Enforce = false
	config.Classes = map[string]quota.ClassConfig{"all": {Recipients: new(limit)}}
	rules, err := quota.Compile(&config)
	if err != nil {
		b.Fatal(err)
	}
	directory, err := ldapcache.Open(ldapcache.DefaultConfig(), nil)
	if err != nil {
		b.Fatal(err)
	}
	replies, err := reply.New(reply.DefaultConfig())
	if err != nil {
		b.Fatal(err)
	}
	quiet := slog.New(slog.DiscardHandler)
	policy := quota.NewPolicy(rules, directory, nil)
	server := milter.NewServer(policy, replies, quiet, milter.Needs{})
	var recorder *history.Recorder
	if dir != "" {
		kept := store.OpenFile(dir, history.DefaultConfig())
		recorder = history.NewRecorder(kept, quiet)
		book := history.OpenBook(b.Context(), kept, quiet)
		policy.WithGrants(book)
		server.SetObserver(recording{recorder})
		b.Cleanup(func() {
			recorder.Close()
			_, _ = book.Close(), kept.Close()
		})
	}
	ln, err := net.Listen("unix", socket)
	if err != nil {
		b.Fatal(err)
	}
	go func() { _ = server.Serve(ln, milter.ListenConfig{}) }()
	b.Cleanup(func() { _ = server.Shutdown(b.Context()) })
	return recorder
}
