// Package from checks that a message names its sender, and nobody else, in the header
// field From (RFC 5322 section 3.6.2).
//
// The sender is known by their login, and [Identity] has their addresses. Mail programs
// differ in what they show of a field that is not plain, so only plain ones are accepted:
// one mailbox that net/mail reads in the same way, whose name has no address but the
// sender's own, however the name is decoded (RFC 2047). The samples in testdata are what
// mail programs and forgers write.
package from
