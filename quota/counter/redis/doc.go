// Package redis counts in Redis, for all relays together: one script, one round trip a
// message. The scripts are the *.lua files; common.lua says what Redis holds of a sender.
package redis
