package roster

import (
	"context"
	"log/slog"
	"time"
)

// attrs describe a copy in the log.
func (c *Copy) attrs() []any {
	attrs := []any{
		"roster", string(c.Reason), "premium_senders", len(c.Elected), "over_limit", len(c.Lost),
		"copied_at", c.Taken.Format(time.RFC3339), "takes_effect", c.Effect.Format(time.RFC3339),
	}
	if unknown := c.withoutEstablishment(); unknown > 0 {
		attrs = append(attrs, "without_establishment", unknown)
	}
	return attrs
}

// withoutEstablishment is how many are elected though nobody knows their
// establishment.
func (c *Copy) withoutEstablishment() int {
	n := 0
	for _, d := range c.Elected {
		if d.Establishment == "" {
			n++
		}
	}
	return n
}

// tellCopied logs that this relay took the copy, and names those who lost. That
// nobody is premium is a warning: perhaps we may not read the groups any more.
func tellCopied(log *slog.Logger, c *Copy) {
	level := slog.LevelInfo
	if len(c.Elected) == 0 {
		level = slog.LevelWarn
	}
	log.Log(context.Background(), level, msgCopied, c.attrs()...)
	tellLost(log, c)
}

// tellLost names the designations that do not count.
func tellLost(log *slog.Logger, c *Copy) {
	for _, value := range c.Unresolved {
		log.Warn(msgUnresolved, "designated", value)
	}
	for _, d := range c.Lost {
		log.Warn(msgOverLimit, "sender", d.name(), "establishment", d.Establishment)
	}
}

// name is what people know the sender by.
func (d Designation) name() string {
	if d.Login != "" {
		return d.Login
	}
	return d.Sender
}
