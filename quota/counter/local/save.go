package local

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"
)

const (
	// saveEvery bounds what a kill forgets.
	saveEvery = 500 * time.Millisecond
	// sweepEvery is how often senders who wrote nothing lately are forgotten.
	sweepEvery = 10 * time.Minute
)

// saveRegularly saves and sweeps until the store is closed.
func (l *Store) saveRegularly() {
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
func (l *Store) save() error {
	changed := map[string][]byte{}
	var err error
	for i := range l.shards {
		for sender := range l.shards[i].takeDirty() {
			text, failed := l.encode(sender)
			changed[sender], err = text, errors.Join(err, failed)
		}
	}
	if err == nil && len(changed) > 0 {
		err = l.state.write(changed)
	}
	if err != nil {
		for sender := range changed {
			l.shard(sender).mark(sender)
		}
	}
	return err
}

// Unsaved is why what was counted cannot be saved at the moment; nil: it can.
func (l *Store) Unsaved() error {
	if err := l.saveError.Load(); err != nil {
		return *err
	}
	return nil
}

// takeDirty returns the senders whose tally changed since it was called last.
func (s *shard) takeDirty() map[string]struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	dirty := s.dirty
	s.dirty = map[string]struct{}{}
	return dirty
}

// encode returns the tally of a sender as state_dir holds it; nil: there is none.
func (l *Store) encode(sender string) (text []byte, err error) {
	done, err := l.turns.Wait(context.Background(), sender)
	if err != nil {
		return nil, err
	}
	defer done()
	if t := l.shard(sender).tally(sender); t != nil {
		return t.encode()
	}
	return nil, nil
}

func (s *shard) mark(sender string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dirty[sender] = struct{}{}
}

func (s *shard) tally(sender string) *tally {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.tallies[sender]
}

// sweep forgets the senders of whom nothing can matter any more.
func (l *Store) sweep(now time.Time) {
	for i := range l.shards {
		for _, sender := range l.shards[i].senders() {
			l.forgetEmpty(sender, now.UnixMicro())
		}
	}
}

func (s *shard) senders() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Collect(maps.Keys(s.tallies))
}

func (l *Store) forgetEmpty(sender string, now int64) {
	done, err := l.turns.Wait(context.Background(), sender)
	if err != nil {
		return
	}
	defer done()
	s := l.shard(sender)
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.tallies[sender]
	if t == nil {
		return
	}
	t.moveBack(now)
	if t.empty(now) {
		delete(s.tallies, sender)
		s.dirty[sender] = struct{}{}
	}
}
