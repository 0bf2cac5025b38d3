package roster

import (
	"context"
	"log/slog"
	"time"
)

// Messages of the log. Their keys are explained in deploy/postfix/operations.md.
const (
	// Log record "roster_copied": when this relay, or `roster refresh`, copied the directory for all;
	// a warning if nobody is premium
	msgCopied = "roster_copied"
	// Log record "roster_over_limit": with it, for each designated sender who is not premium because
	// of `per_establishment`
	msgOverLimit = "roster_over_limit"
	// Log record "roster_unresolved": with it, for each member of a designation group that cannot be
	// resolved
	msgUnresolved = "roster_unresolved"
	// Log record "roster_in_effect": by each relay, when another roster takes effect, and at its start
	msgInEffect = "roster_in_effect"
	// Log record "roster_unavailable": when the roster cannot be brought up to date: `error`; once per
	// outage
	msgUnavailable = "roster_unavailable"
	// Log record "roster_clock": an error: this machine's clock differs from Redis's, or a new copy
	// has replaced a roster from the future: `error`; once, and at each start
	msgClock = "roster_clock"
	// Log record "roster_doubted": an error: a copy was not believed, because nearly everybody is
	// missing from it; `error` has both numbers; once, and at each start
	msgDoubted = "roster_doubted"
	// Log record "roster_available": when the roster can be brought up to date again, and is no longer
	// in doubt
	msgAvailable = "roster_available"
	// Log record "roster_future": an error: the stored roster was copied in the future (`copied_at`),
	// and is not believed; it is replaced
	msgFuture = "roster_future"
	// Log record "roster_not_stored": with `activation = "immediate"`, when the roster in effect
	// cannot be stored for the next start: `error`; once per outage
	msgNotStored = "roster_not_stored"
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
		// Log key "roster": why the copy was taken: `cutoff`, `first_start`, `refresh`, `immediate`
		// Log key "premium_senders": how many are premium
		// Log key "over_limit": how many are not, because of `per_establishment`
		"roster", string(c.Reason), "premium_senders", len(c.Elected), "over_limit", len(c.Lost),
		// Log key "copied_at": when the directory was asked
		// Log key "takes_effect": from when the copy counts
		"copied_at", c.Taken.Format(time.RFC3339), "takes_effect", c.Effect.Format(time.RFC3339),
	}
	if unknown := c.withoutEstablishment(); unknown > 0 {
		// Log key "without_establishment": how many are premium although their establishment is not known,
		// if any
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
		// Log key "designated": a member of a designation group, as it is written there
		log.Warn(msgUnresolved, "designated", value)
	}
	for _, d := range c.Lost {
		// Log key "establishment": of a designated sender
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
