// Package quota holds the rules of rcptquota: how many recipients a sender may
// reach, with one message and over a while, who may post to a mailing list, and
// what becomes of a message that goes too far.
//
// It knows nothing of protocols. Package milter hands it a [Message] as Postfix
// described it, a [Directory] says what is known about the sender, and the [Policy]
// answers with a [Verdict], which package milter turns into an SMTP reply and a log
// record. [Policy.Judge] is the place to begin reading: it goes through the rules in
// their order.
//
// # Words
//
// A sender is the SASL login that Postfix authenticated, never an address that
// the client typed. A recipient is one distinct address of the envelope
// (RFC 5321 RCPT TO) after Postfix resolved it. A [Class] is a named set of
// limits. A sender belongs to one class: the class that names their login, else the
// premium class if they are designated, else the class that matches their professional
// addresses or attributes in the directory, else the default class. A [Window] counts the
// recipients of all of a sender's messages in a rolling period; a [Counter] keeps the
// counts.
//
// # Lists
//
// The rules of mailing lists are in package list. [Policy.Judge] applies them:
// at DATA or, in the inbound role, at each RCPT. At the end of the message
// [Policy.JudgeHeader] looks at its header, and the message is changed as the verdict's
// [list.Posting] says.
//
// # Visible recipients
//
// At the end of a message, [Policy.JudgeHeader] also counts the addresses that To and Cc
// show to everybody who gets it, where the sender's class limits them.
//
// # Grants, and questions
//
// [Grants] raise one sender's limits for a while. [Policy.About] and [Policy.AboutLists]
// tell commands what decides on a sender's messages, and count nothing.
//
// # What is known, and what is not
//
// A permanent refusal (5xx) rests on facts that are known now. While the directory
// cannot answer, a message within the limit of the class last known for its sender, or
// else of the default class, is accepted. One above every class's limit is refused,
// because no answer could allow it. One in between is deferred (4xx): an outage delays
// mail and does not bounce it, unless a site chooses that
// (directory_unavailable.premium). A post to a list that nobody can
// check is deferred too, never let through.
package quota
