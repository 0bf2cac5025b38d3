package counter

import "time"

// A reservation is open until its message is committed or released. Both stores
// bound what that may cost.
const (
	// openLife is how long a reservation can be released. A relay that was killed
	// ends none of its reservations: their messages then count.
	openLife = 6 * time.Hour
	// maxOpen is how many reservations a sender may have open at once: the
	// recipients that they have in common are remembered once for each.
	maxOpen = 100
	// crowdedLife is openLife while a sender has maxOpen reservations.
	crowdedLife = 10 * time.Minute
	// clockTolerance is how far ahead of the clock a time may be that was given out
	// before. What is further ahead was given out by a clock that was wrong.
	clockTolerance = time.Minute
)
