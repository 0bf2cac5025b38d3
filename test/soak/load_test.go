//go:build servers && soak

package soak

import (
	"context"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rcptquota/rcptquota/test/random"
)

// fate is what became of an attempt.
type fate int

const (
	// deferred messages cost nothing.
	deferred fate = iota
	// committed: the end of the message was answered.
	committed
	// givenBack: accepted at DATA, and aborted.
	givenBack
	// unknown: the relay died before the message had ended.
	unknown
)

// attempt is one message shown to a relay.
type attempt struct {
	login         string
	people        []int
	fate          fate
	sent, replied time.Time // around DATA: the decision fell in between
	ended         time.Time // of the answer to its end, or of its loss
}

// load is what the connections of a test do.
type load struct {
	t      *testing.T
	random *rand.Rand
	logins []string
	people int                            // how many there are to write to
	most   int                            // recipients of one message
	pause  func(*rand.Rand) time.Duration // between a connection's messages
	dies   bool                           // relays may die under it
	all    [unknown + 1][]attempt         // by fate
	mu     sync.Mutex                     // guards all and slowest
	slow   time.Duration                  // the slowest decision
}

// run sends messages over so many connections to each relay, and returns when
// each connection has sent times messages, or ctx is done.
func (l *load) run(ctx context.Context, relays []*relay, connections, times int) {
	l.t.Helper()
	var wg sync.WaitGroup
	for _, r := range relays {
		socket := r.socket()
		for range connections {
			own := random.Split(l.random)
			wg.Go(func() { l.converse(ctx, socket, times, own) })
		}
	}
	wg.Wait()
}

// converse sends messages over one connection.
func (l *load) converse(ctx context.Context, socket string, times int, random *rand.Rand) {
	m, err := dial(socket)
	if err != nil {
		l.lost(err)
		return
	}
	defer m.conn.Close() //nolint:errcheck // everything was answered
	for range times {
		a := attempt{
			login:  l.logins[random.IntN(len(l.logins))],
			people: random.Perm(l.people)[:1+random.IntN(l.most)],
		}
		err := l.show(m, &a, random.IntN(5) == 0)
		l.note(a)
		if err != nil {
			l.lost(err)
			return
		}
		if !pause(ctx, l.pause(random)) {
			return
		}
	}
}

// show shows one message, and notes what becomes of it.
func (l *load) show(m *mta, a *attempt, abort bool) error {
	a.fate, a.sent = unknown, time.Now()
	defer func() { a.ended = time.Now() }()
	reply, err := m.data(a.login, a.people)
	a.replied = time.Now()
	switch {
	case err != nil:
		return err
	case reply != "":
		a.fate = deferred
		if !strings.HasPrefix(reply, "450 4.7.1 ") {
			l.t.Errorf("the milter answers %q", reply)
		}
	case abort:
		a.fate = givenBack
	default:
		reply, err := m.end()
		if err != nil {
			return err
		}
		if a.fate = committed; reply != "" {
			l.t.Errorf("at its end the milter answers %q", reply)
		}
	}
	return m.abort()
}

func (l *load) note(a attempt) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all[a.fate] = append(l.all[a.fate], a)
	if a.fate != unknown {
		l.slow = max(l.slow, a.replied.Sub(a.sent))
	}
}

func (l *load) lost(err error) {
	if !l.dies {
		l.t.Error(err)
	}
}

// attempts is how many there were.
func (l *load) attempts() int {
	n := 0
	for _, a := range l.all {
		n += len(a)
	}
	return n
}

// pause waits, and reports whether ctx is still not done.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// steadily pauses for so long in the mean.
func steadily(mean time.Duration) func(*rand.Rand) time.Duration {
	return func(random *rand.Rand) time.Duration { return time.Duration(random.Int64N(int64(2 * mean))) }
}
