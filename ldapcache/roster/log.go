package roster

import (
	"context"
	"log/slog"
	"time"
)

// Messages of the log. Their keys are explained in deploy/postfix/operations.md.
const (
	msgCopied      = "roster_copied"      // a copy was stored, by this relay
	msgOverLimit   = "roster_over_limit"  // a designation is above the limit of its establishment
	msgUnresolved  = "roster_unresolved"  // a designation cannot be resolved
	msgInEffect    = "roster_in_effect"   // another copy is the roster now
	msgUnavailable = "roster_unavailable" // the roster can't be brought up to date
	msgClock       = "roster_clock"       // the same, because a clock is wrong
	msgDoubted     = "roster_doubted"     // the same, because nearly everybody is missing from the copy
	msgAvailable   = "roster_available"   // it can again
	msgFuture      = "roster_future"      // the stored roster lies in the future, and is not believed
	msgNotStored   = "roster_not_stored"  // the roster in effect could not be stored
)

// tell logs that the doubt has changed to d because of err. Those that end by
// themselves are warnings.
func (d Doubt) tell(log *slog.Logger, err error) {
	switch d {
	case Sure:
		log.Info(msgAvailable)
	case WrongClock:
		log.Error(msgClock, "error", err)
	case NearlyEmpty:
		log.Error(msgDoubted, "error", err)
	default:
		log.Warn(msgUnavailable, "error", err)
	}
}

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

// tellCopied logs that this relay made the copy, and names those above the limit. That
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
