package underway

import (
	"time"

	"github.com/rcptquota/rcptquota/quota"
)

// A reservation is open until its message is committed or released. These bounds, which
// both stores share, limit what open reservations may cost.
const (
	// Life is how long a reservation can be released; after that it is committed.
	// A relay that is killed ends none of its reservations.
	Life = 6 * time.Hour
	// Most is how many reservations a sender may have open at once: each remembers
	// the recipients that it has in common with the others.
	Most = 100
	// CrowdedLife replaces Life while a sender has Most reservations open.
	CrowdedLife = 10 * time.Minute
	// MaxMessages is how many messages of a sender matter to any window: one more than
	// that has no recipient that a limit would let through.
	MaxMessages = quota.MaxRecipients + Most
	// ClockTolerance is how far in the future a time given out earlier may lie. Further
	// than that, the clock that gave it out was wrong.
	ClockTolerance = time.Minute
)
