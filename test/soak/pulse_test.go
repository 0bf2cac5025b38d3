//go:build servers && soak

package soak

import (
	"context"
	"sync/atomic"
	"time"
)

// wakeUps is how often a decision waits for a process to be given the processor:
// rcptquota for the message, for Redis twice, and the test for the reply.
const wakeUps = 4

// pulse measures how late a busy machine wakes up who waits. The zero value is
// ready.
type pulse struct{ late atomic.Int64 }

func (p *pulse) run(ctx context.Context) {
	const beat = 5 * time.Millisecond
	for start := time.Now(); pause(ctx, beat); start = time.Now() {
		p.late.Store(max(p.late.Load(), int64(time.Since(start)-beat)))
	}
}

// worst is the most that somebody was late.
func (p *pulse) worst() time.Duration { return time.Duration(p.late.Load()).Round(time.Millisecond) }
