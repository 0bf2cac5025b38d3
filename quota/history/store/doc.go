// Package store keeps decision records and grants (package history) in Redis, for all
// relays together, or in the file history.db in state_dir, for one relay.
//
// In Redis, all keys share the hash tag {history}, and so a slot of a Cluster. The
// scripts' headers say what they hold. Nothing else has to be done by anybody to keep
// them small: whatever appends also forgets what is too old, or too many.
//
// # Exactly once
//
// A batch that failed is appended again, perhaps by the library before it returns. Each
// store remembers the digest of the last batch of each process, so that a batch is stored
// once.
package store
