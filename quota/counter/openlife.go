package counter

import (
	"time"

	"github.com/rcptquota/rcptquota/quota"
)

// A reservation is open until its message is committed or released. These bounds, which
// both stores share, limit what open reservations may cost.
const (
	// openLife is how long a reservation can be released; after that it is committed.
	// A relay that is killed ends none of its reservations.
	openLife = 6 * time.Hour
	// maxOpen is how many reservations a sender may have open at once: each remembers
	// the recipients that it has in common with the others.
	maxOpen = 100
	// crowdedLife replaces openLife while a sender has maxOpen reservations open.
	crowdedLife = 10 * time.Minute
	// maxMessages is how many messages of a sender matter to any window: one more than
	// that has no recipient that a limit would let through.
	maxMessages = quota.MaxRecipients + maxOpen
	// clockTolerance is how far in the future a time given out earlier may lie. Further
	// than that, the clock that gave it out was wrong.
	clockTolerance = time.Minute
)
