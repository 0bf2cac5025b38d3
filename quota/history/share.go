package history

import (
	"cmp"
	"strings"
	"sync"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
)

const (
	// shareBurst is how many messages of one sender, stopped for one reason, leave a record
	// each, however fast they follow each other.
	shareBurst = 100
	// shareEvery is how often one more leaves a record after that: within 30 days some
	// 4400, of the 100,000 that are kept by default.
	shareEvery = 10 * time.Minute
	// maxShares is how many senders and reasons are remembered; the least recent goes.
	maxShares = 4096
)

// Unrecorded is about messages that left no record of their own.
type Unrecorded struct {
	Messages   int `json:"messages"`
	Recipients int `json:"recipients"` // of all of them
}

// shares keep one sender, who is refused again and again, from pushing the records of all
// others out of the store. Beyond a sender's share, only the newest record is held back
// until there is room for it, and it tells how many there were before. It is safe for use
// by many goroutines at once.
type shares struct {
	mu       sync.Mutex
	of       *lru.Cache[subject, *share]
	released []Record // held back, and forgotten
}

// subject is who was stopped and why: by the login, in lower case since it may be typed in
// many ways, or by the client's address without one.
type subject struct{ who, action, reason string }

// share is that of one subject.
type share struct {
	full time.Time // when all of shareBurst may be used again
	held *Record
}

func newShares() *shares {
	s := &shares{}
	s.of, _ = lru.NewWithEvict(maxShares, func(_ subject, forgotten *share) { // fails for a size below 1 only
		if forgotten.held != nil {
			s.released = append(s.released, *forgotten.held)
		}
	})
	return s
}

// take reports whether one more record may be stored now, and counts it.
func (s *share) take(now time.Time) bool {
	if s.full.Before(now) {
		s.full = now
	}
	if s.full.Sub(now) > (shareBurst-1)*shareEvery {
		return false
	}
	s.full = s.full.Add(shareEvery)
	return true
}

// admit returns the records that are to be stored now that there is one more.
func (s *shares) admit(r Record, now time.Time) []Record {
	s.mu.Lock()
	defer s.mu.Unlock()
	who := subject{cmp.Or(strings.ToLower(r.Sender), r.Client.String()), r.Action, r.Reason}
	own, ok := s.of.Get(who)
	if !ok {
		own = &share{}
		s.of.Add(who, own)
	}
	if before := own.held; before != nil {
		r.Unrecorded = Unrecorded{before.Unrecorded.Messages + 1, before.Unrecorded.Recipients + before.Recipients}
	}
	if !own.take(now) {
		own.held = &r
		return s.release()
	}
	own.held = nil
	return append(s.release(), r)
}

// due returns the records that were held back and are to be stored now.
func (s *shares) due(now time.Time) []Record {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, own := range s.of.Values() {
		if own.held != nil && own.take(now) {
			s.released = append(s.released, *own.held)
			own.held = nil
		}
	}
	return s.release()
}

// rest returns all records that were held back.
func (s *shares) rest() []Record {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.of.Purge()
	return s.release()
}

func (s *shares) release() []Record {
	released := s.released
	s.released = nil
	return released
}
