// Package visible counts the addresses that the recipients of a message see of each other:
// those in its header fields To and Cc (RFC 5322 section 3.6.3).
//
// It reads what mail programs write, right or wrong: groups, comments, quoted names with
// commas, encoded words (RFC 2047), obsolete routes and spaces (RFC 5322 section 4.4),
// semicolons between addresses, bytes that are not ASCII (RFC 6532). What cannot be read
// counts as nothing, so that nothing is refused because of it. Addresses are counted, and
// only a hash of each is kept, until the end of the message.
package visible
