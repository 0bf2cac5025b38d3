// Package roster keeps the premium roster: which designated senders are premium
// now.
package roster
