package counter

import (
	"fmt"
	"time"
)

const (
	// saveEvery bounds what a kill forgets.
	saveEvery = 500 * time.Millisecond
	// sweepEvery is how often senders who wrote nothing lately are forgotten.
	sweepEvery = 10 * time.Minute
)

// saveRegularly saves and sweeps until the store is closed.
func (l *Local) saveRegularly() {
	save, sweep := time.NewTicker(saveEvery), time.NewTicker(sweepEvery)
	defer save.Stop()
	defer sweep.Stop()
	for {
		select {
		case <-l.stop:
			return
		case now := <-sweep.C:
			l.sweep(now)
		case <-save.C:
			if err := l.save(); err != nil {
				err = fmt.Errorf("what is counted cannot be saved: %w", err)
				l.saveError.Store(&err)
			} else {
				l.saveError.Store(nil)
			}
		}
	}
}

// save writes what changed, in one transaction. What could not be written is
// tried again with the next.
func (l *Local) save() error {
	tallies := map[string][]byte{}
	for i := range l.shards {
		if err := l.shards[i].take(tallies); err != nil {
			return err
		}
	}
	releases, err := l.releases.take()
	if err != nil || len(tallies)+len(releases) == 0 {
		return err
	}
	err = l.state.write(tallies, releases)
	if err != nil {
		for sender := range tallies {
			l.shard(sender).mark(sender)
		}
		l.releases.mark(releases)
	}
	return err
}

// take moves the shard's changes into changed: the encoded tally of each
// sender, nil for one that is gone.
func (s *shard) take(changed map[string][]byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for sender := range s.dirty {
		changed[sender] = nil
		if t := s.tallies[sender]; t != nil {
			text, err := t.encode()
			if err != nil {
				return err
			}
			changed[sender] = text
		}
	}
	clear(s.dirty)
	return nil
}

func (s *shard) mark(sender string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dirty[sender] = struct{}{}
}

// sweep forgets the senders of whom nothing can matter any more.
func (l *Local) sweep(now time.Time) {
	for i := range l.shards {
		l.shards[i].sweep(now.UnixMicro())
	}
}

func (s *shard) sweep(now int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for sender, t := range s.tallies {
		if t.empty(now) {
			delete(s.tallies, sender)
			s.dirty[sender] = struct{}{}
		}
	}
}
