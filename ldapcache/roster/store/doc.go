// Package store keeps the one text that the premium roster is: in Redis for all relays, or
// in a file in state_dir for the processes of one machine. A text is replaced by
// compare-and-swap, so that of several relays one is first, and none overwrites what it
// has not read.
package store
