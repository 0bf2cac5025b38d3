package roster

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/rcptquota/rcptquota/quota"
	"github.com/rcptquota/rcptquota/quota/list"
)

var (
	errStoreAway     = errors.New("the store is away")
	errDirectoryAway = errors.New("the directory is away")
)

// memoryStore is a store in memory, which may go away. It has a clock, unless a
// test takes that away.
type memoryStore struct {
	mu        sync.Mutex
	text      []byte
	away      bool
	clockless bool
	ahead     time.Duration // of its clock
}

func (s *memoryStore) Load(context.Context) ([]byte, time.Time, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.away:
		return nil, time.Time{}, errStoreAway
	case s.clockless:
		return s.text, time.Time{}, nil
	}
	return s.text, time.Now().Add(s.ahead), nil
}

func (s *memoryStore) Swap(_ context.Context, old, next []byte) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.away {
		return false, errStoreAway
	}
	if (old == nil) != (s.text == nil) || !bytes.Equal(old, s.text) {
		return false, nil
	}
	s.text = bytes.Clone(next)
	return true, nil
}

func (s *memoryStore) set(change func(*memoryStore)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(s)
}

// school is a directory that knows everybody, with designations that a test
// enters. It may go away, for the designations: senders are cached elsewhere.
type school struct {
	mu        sync.Mutex
	entered   []Designation
	reference map[string]string // of a school that has another one
	gone      []string          // designations that cannot be resolved
	away      bool
	tells     func(int) bool // of which of the entered it tells; nil: of all
}

func (s *school) Designations(context.Context) (all []Designation, unresolved []string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.away {
		return nil, nil, errDirectoryAway
	}
	var designations []Designation
	for i, d := range s.entered {
		if s.tells == nil || s.tells(i) {
			designations = append(designations, d)
		}
	}
	for i, d := range designations {
		if reference := s.reference[d.Establishment]; reference != "" {
			designations[i].Establishment = reference
		}
	}
	return designations, s.gone, nil
}

func (s *school) Sender(_ context.Context, login string) (quota.Sender, error) {
	return quota.Sender{ID: login}, nil
}

// Lists knows none.
func (s *school) Lists(_ context.Context, addresses []string) []list.Answer {
	return make([]list.Answer, len(addresses))
}

func (s *school) set(change func(*school)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(s)
}

// enter designates a sender, by a login that is the sender's ID.
func (s *school) enter(login, establishment string) {
	s.set(func(s *school) {
		s.entered = append(s.entered, Designation{Establishment: establishment, Sender: login, Login: login})
	})
}

func (s *school) withdraw(login string) {
	s.set(func(s *school) {
		s.entered = slices.DeleteFunc(s.entered, func(d Designation) bool { return d.Sender == login })
	})
}
