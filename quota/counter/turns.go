package counter

import (
	"context"
	"fmt"
	"sync"

	"github.com/rcptquota/rcptquota/quota"
)

// turns has the work for one sender done one piece after another, so that a sender
// who sends much at once delays nobody else. The zero value is ready, for many
// goroutines at once.
type turns struct {
	mu      sync.Mutex
	senders map[string]*turn
}

// turn is the place of one sender at which goroutines wait.
type turn struct {
	taken   chan struct{} // has one element while somebody works
	waiting int           // goroutines that wait or work
}

// wait blocks until it is the caller's turn. The caller calls done when it has
// finished. The error wraps [quota.ErrTooManyOpen] when it was not the caller's turn
// before ctx ended.
func (t *turns) wait(ctx context.Context, sender string) (done func(), err error) {
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

func (t *turns) leave(sender string, s *turn) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if s.waiting--; s.waiting == 0 {
		delete(t.senders, sender)
	}
}
