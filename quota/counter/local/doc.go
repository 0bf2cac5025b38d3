// Package local counts in this process, exactly, and saves what it counted in
// state_dir, so that a restart forgets nothing and a kill at most the last second. The
// disk is a bbolt database with one entry a sender.
//
// [Simulated] counts in the same way, in memory alone and on a clock that its user sets: it
// tells from a log what would have been counted.
package local
