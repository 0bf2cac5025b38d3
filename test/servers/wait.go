package servers

import "time"

const (
	// maxWait bounds every wait. It is many times what a server needs, so that
	// a busy machine does not fail the test.
	maxWait = 20 * time.Second
	// tick is how often a wait looks again.
	tick = 10 * time.Millisecond
)

// Wait looks at done until it is true, and reports whether it became so within
// maxWait.
func Wait(done func() bool) bool {
	if done() {
		return true
	}
	deadline := time.NewTimer(maxWait)
	defer deadline.Stop()
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			if done() {
				return true
			}
		case <-deadline.C:
			return done()
		}
	}
}
