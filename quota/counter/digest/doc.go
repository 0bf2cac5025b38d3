// Package digest makes the keyed digests by which the stores know recipients and, in
// Redis, senders: 64 bits of HMAC-SHA-256 (RFC 2104) for a recipient, 128 for a sender.
// Without the key nobody can tell whom a digest stands for, not even by trying addresses.
package digest
