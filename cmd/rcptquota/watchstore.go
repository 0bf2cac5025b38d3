package main

import (
	"log/slog"

	"github.com/rcptquota/rcptquota/quota/counter"
)

// tellNotice logs what the store found at its start.
func tellNotice(log *slog.Logger, store counter.Counter) {
	if s, ok := store.(interface{ Notice() error }); ok {
		if err := s.Notice(); err != nil {
			log.Warn("digest_key_changed", "error", err)
		}
	}
}
