package service

import (
	"context"
	"log/slog"

	"github.com/rcptquota/rcptquota/cmd/rcptquota/config"
	"github.com/rcptquota/rcptquota/quota/counter"
)

// counts has the windows' counts, and is watched while it is open.
type counts struct {
	counter.Counter
	stopWatch func()
}

// openStore opens the store, if any class counts over messages.
func openStore(c *config.Config, stores *counter.Opener, log *slog.Logger) (*counts, error) {
	if !c.Rules().HasWindows() {
		return &counts{counter.None{}, func() {}}, nil
	}
	opened, err := stores.Open(c.Store, c.StateDir)
	if err != nil {
		return nil, err
	}
	return &counts{opened, watchStore(context.Background(), log, opened)}, nil
}

// Close implements [io.Closer].
func (s *counts) Close() error {
	s.stopWatch()
	return s.Counter.Close()
}
