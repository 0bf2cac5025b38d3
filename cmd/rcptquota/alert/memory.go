package alert

import (
	"slices"
	"sync"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
)

const (
	// maxClaims is how many claims this process remembers; the least recent goes.
	maxClaims = 4096
	// maxJournal is how many alerts are remembered for the digest; the oldest go.
	maxJournal = 1000
	// keepJournal is for how long: two digests.
	keepJournal = 2 * day
)

// memory has the claims and the journal of this process.
type memory struct {
	mu      sync.Mutex
	until   *lru.Cache[string, time.Time] // by key
	journal []Alert
}

func newMemory() *memory {
	until, _ := lru.New[string, time.Time](maxClaims) // fails for a size below 1 only
	return &memory{until: until}
}

// claim reports whether the key was not claimed at now, and claims it.
func (m *memory) claim(key string, once time.Duration, now time.Time) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if until, ok := m.until.Get(key); ok && now.Before(until) {
		return false
	}
	m.until.Add(key, now.Add(once))
	return true
}

// forget ends a claim.
func (m *memory) forget(key string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.until.Remove(key)
}

// add remembers an alert for the digest.
func (m *memory) add(a *Alert) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.journal = append(m.journal, *a)
	if extra := len(m.journal) - maxJournal; extra > 0 {
		m.journal = slices.Clone(m.journal[extra:])
	}
}

// between returns the alerts from one time until before another, in their order.
func (m *memory) between(from, until time.Time) (found []Alert) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, a := range m.journal {
		if !a.Time.Before(from) && a.Time.Before(until) {
			found = append(found, a)
		}
	}
	return found
}
