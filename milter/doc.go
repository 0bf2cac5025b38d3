// Package milter is the wire of rcptquota: Postfix's events come in, a
// verdict's reply goes out.
//
// The protocol is Sendmail's milter protocol, version 6, as Postfix speaks it
// (https://www.postfix.org/MILTER_README.html). It is parsed by
// github.com/emersion/go-milter, imported as gomilter. That library answers
// version 2, never shows DATA, knows no deadline and no drain; what it lacks is
// supplied below it, in the net.Conn that it reads and writes ([Server] hands it
// one for each connection). Package reply builds the replies.
//
// # One message
//
// In the submission role nothing is answered before DATA: Postfix is told not
// to wait for replies to its connection, MAIL and RCPT events, so that it sends
// them in few writes. At DATA the [Judge] gives the one verdict over the whole
// envelope, before the body travels. A refused transaction stays open in SMTP:
// the client may add recipients and try DATA again, and is judged again. The
// log record of a message that passes is written at its end of message, because
// only that event tells that it went; of one that does not, at the refusal.
//
// On a service with a before-queue content filter, Postfix shows neither the header nor
// the end of a message. The server notices that, and a listener that counts at DATA
// needs neither.
//
// In the inbound role each RCPT is judged and answered for itself.
//
// # Headers
//
// Only where there may be lists, or a class limits the addresses that a message shows,
// does the MTA show the header, without waiting for replies; only for lists does it let us
// change a message. At its end a message to lists is judged once more, by its header, and
// so is one of a sender whose class has that limit. Then, as the verdict says, Reply-To is
// set, X-Sender and the fields that name another sender are removed, a list is replaced by
// its managers, and a message that a window holds is put on hold in Postfix's queue. The
// header of any other message is dropped unread.
//
// # While it runs
//
// [Server.Use] replaces the rules: a message goes by those by which it began. Listeners come
// and go meanwhile ([ListenConfig] opens them). An [Observer] is told of each record.
//
// [Probe] plays one message to a server, as Postfix would.
//
// # What is never answered
//
// SMFIR_REJECT, SMFIR_TEMPFAIL, SMFIR_ACCEPT and SMFIR_DISCARD make the library
// ask for a new session, and the MTA show no more of the message. Every refusal
// is an SMFIR_REPLYCODE with an SMTP reply of ours; everything else is
// SMFIR_CONTINUE, at the end of a message behind its changes.
package milter
