package service

import (
	"io"
	"sync/atomic"
)

// shared is something open that belongs to the parts of one configuration, and to those of
// the next ones as long as it fits them. It is closed when the last of them lets go.
type shared[T io.Closer] struct {
	value T
	users atomic.Int32
}

// share returns value with one user.
func share[T io.Closer](value T) *shared[T] {
	s := &shared[T]{value: value}
	s.users.Store(1)
	return s
}

// again adds a user for somebody who is one already.
func (s *shared[T]) again() *shared[T] {
	s.users.Add(1)
	return s
}

// join adds a user, unless the last one has let go.
func (s *shared[T]) join() bool {
	for {
		n := s.users.Load()
		if n == 0 {
			return false
		}
		if s.users.CompareAndSwap(n, n+1) {
			return true
		}
	}
}

// Close implements [io.Closer]: a user lets go. A nil s is nothing.
func (s *shared[T]) Close() error {
	if s == nil || s.users.Add(-1) > 0 {
		return nil
	}
	return s.value.Close()
}
