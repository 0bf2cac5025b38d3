package service

import (
	"context"
	"log/slog"

	"github.com/rcptquota/rcptquota/cmd/rcptquota/config"
	"github.com/rcptquota/rcptquota/quota"
	"github.com/rcptquota/rcptquota/quota/counter"
)

// store has the windows' counts, and is watched while it is open.
type store struct {
	counter.Counter
	stopWatch func()
}

// openStore opens the store, if any class counts over messages.
func openStore(c *config.Config, stores *counter.Opener, log *slog.Logger) (*store, error) {
	if !c.Rules().HasWindows() {
		return &store{noCounter{}, func() {}}, nil
	}
	opened, err := stores.Open(c.Store, c.StateDir)
	if err != nil {
		return nil, err
	}
	return &store{opened, watchStore(context.Background(), log, opened)}, nil
}

// Close implements [io.Closer].
func (s *store) Close() error {
	s.stopWatch()
	return s.Counter.Close()
}

// noCounter is never asked.
type noCounter struct{ quota.Counter }

// Close implements [io.Closer].
func (noCounter) Close() error { return nil }
