// Package milter is the wire of rcptquota: Postfix's events come in, a
// verdict's reply goes out.
//
// The protocol is Sendmail's milter protocol, version 6, as Postfix speaks it
// (https://www.postfix.org/MILTER_README.html). It is parsed by
// github.com/emersion/go-milter, imported as gomilter. That library answers
// version 2, never shows DATA, and knows neither deadlines nor a drain. The net.Conn that
// it reads and writes makes up for that: [Server] gives it one for each connection.
//
// # One message
//
// In the submission role nothing is answered before DATA. Postfix is told not to wait
// for replies to its connection, MAIL and RCPT events, so that it sends them in few
// writes. At DATA the [Judge] gives the one verdict on the whole envelope, before Postfix
// takes the body. A refused transaction stays open in SMTP: the client may add recipients
// and try DATA again, and is judged again. A message that passes gets its log record at
// the end of message, the only event that shows that it was sent; one that does not pass
// gets it when it is refused.
//
// Where Postfix has a before-queue content filter it shows neither the header nor the
// end of a message. That is noticed and logged, and a listener can count at DATA instead.
//
// In the inbound role each RCPT is judged and answered for itself.
//
// # Messages to lists
//
// Only where there may be lists is the MTA asked to show the header, without waiting for
// replies, and to let us change a message. At its end a message to lists is judged by its
// header. Then, as the verdict says, Reply-To is set, X-Sender and fields that name
// another sender are removed, and a list is replaced by its managers. The header of any
// other message is dropped unread.
//
// # What is never answered
//
// After SMFIR_REJECT, SMFIR_TEMPFAIL, SMFIR_ACCEPT and SMFIR_DISCARD the library asks for
// a new session, and the MTA shows no more of the message. So every refusal is an
// SMFIR_REPLYCODE with an SMTP reply of ours, and every other answer is SMFIR_CONTINUE,
// at the end of a message after its changes.
package milter
