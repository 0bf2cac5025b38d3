package counter

import "sync"

// slowSenders are the senders for whom a command timed out, until it is known whether
// Redis is away: until then, their other messages do not wait for Redis either. The
// zero value is ready for use by many goroutines at once.
type slowSenders struct {
	mu  sync.Mutex
	all map[string]error
}

func (s *slowSenders) add(sender string, why error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.all == nil {
		s.all = map[string]error{}
	}
	s.all[sender] = why
}

// why returns why Redis is not asked about a sender; nil: it is asked.
func (s *slowSenders) why(sender string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.all[sender]
}

func (s *slowSenders) clear() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all = nil
}
