package underway

import (
	"context"
	"fmt"
	"sync"

	"github.com/rcptquota/rcptquota/quota"
)

// Turns makes the work for one sender happen one piece at a time, so that a sender who
// sends much at once delays nobody else. The zero value is ready for use by many
// goroutines at once.
type Turns struct {
	mu      sync.Mutex
	senders map[string]*turn
}

// turn is where the goroutines that work for one sender wait for each other.
type turn struct {
	taken   chan struct{} // has an element while a goroutine works
	waiting int           // goroutines that wait or work
}

// Wait blocks until it is the caller's turn. The caller calls done when it has
// finished. If ctx ends first, the error wraps [quota.ErrTooManyOpen].
func (t *Turns) Wait(ctx context.Context, sender string) (done func(), err error) {
	t.mu.Lock()
	if t.senders == nil {
		t.senders = map[string]*turn{}
	}
	s := t.senders[sender]
	if s == nil {
		s = &turn{taken: make(chan struct{}, 1)}
		t.senders[sender] = s
	}
	s.waiting++
	t.mu.Unlock()
	select {
	case s.taken <- struct{}{}:
		return func() { <-s.taken; t.leave(sender, s) }, nil
	case <-ctx.Done():
		t.leave(sender, s)
		return nil, fmt.Errorf("%w: %w", quota.ErrTooManyOpen, context.Cause(ctx))
	}
}

func (t *Turns) leave(sender string, s *turn) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if s.waiting--; s.waiting == 0 {
		delete(t.senders, sender)
	}
}
