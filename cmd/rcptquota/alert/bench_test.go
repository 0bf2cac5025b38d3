package alert

import (
	"log/slog"
	"testing"

	"github.com/rcptquota/rcptquota/milter"
	"github.com/rcptquota/rcptquota/quota"
)

// BenchmarkObserve: what a message waits for, with alerts off, and on for a message that
// passes and one that is refused once more.
func BenchmarkObserve(b *testing.B) {
	passed := &milter.Decision{Verdict: &quota.Verdict{
		Action: quota.Accept, Facts: quota.Facts{Sender: "anne"}, Due: quota.Due{Ticket: quota.Ticket{Sender: "uid=anne"}},
	}}
	for name, c := range map[string]struct {
		on bool
		d  *milter.Decision
	}{"off": {false, passed}, "passed": {true, passed}, "refused": {true, refused()}} {
		b.Run(name, func(b *testing.B) {
			settings := &Settings{config: Config{Enabled: c.on}}
			a := New(slog.New(slog.DiscardHandler), Sources{Settings: func() *Settings { return settings }})
			for b.Loop() {
				a.Observe(c.d)
			}
		})
	}
}
