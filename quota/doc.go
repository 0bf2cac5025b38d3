// Package quota holds the rules of rcptquota: how many recipients a sender may
// reach, with one message and over a while, who may post to a mailing list, and
// what becomes of a message that goes too far.
//
// It is pure of any wire. The milter package hands it a [Message] as Postfix
// described it; a [Directory] tells what is known of the sender; the [Policy]
// answers with a [Verdict], which the milter package turns into an SMTP reply
// and a log record.
//
// # Words
//
// A sender is the SASL login that Postfix authenticated, never an address that
// the client typed. A recipient is one distinct address of the envelope
// (RFC 5321 RCPT TO) after Postfix resolved it. A [Class] is a named set of
// limits; a sender belongs to one class, found from the directory: the premium
// class for a designated sender, else the class that matches the sender's
// professional addresses or attributes, else the default class. A [Window] counts
// the recipients of all messages of a rolling period; a [Counter] keeps it.
//
// # Lists
//
// An address in a configured domain may be a [List]. Its managers alone may post:
// its moderators or, where it provably has none, its owners, known by their login,
// from their own address in envelope and header. The verdict at DATA tells who
// may; what its [Posting] leaves to do, and the look at the [Header], follow at the
// end of the message ([Policy.Settle]).
//
// # What is known, and what is not
//
// A refusal for good (5xx) rests on facts just known. When the directory cannot
// answer, a message within the default class's limit is accepted, one above
// every class's limit is refused, because no answer could allow it, and one in
// between is deferred (4xx): an outage delays mail, it never bounces it. A post
// that nobody can check is deferred too, and never let through.
package quota
