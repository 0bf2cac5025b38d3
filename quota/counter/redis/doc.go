// Package redis counts in Redis, for all relays together: one script, one round trip a
// message. The scripts are the *.lua files; common.lua says what Redis holds of a sender.
//
// [Verify] and [Store.Inspect] look for what makes counts wrong without an error, and
// [Store.SetAside] renames keys that are damaged.
package redis
