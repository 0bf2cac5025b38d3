// Package maillog reads what Postfix logs: rotated and compressed files in any order, of
// several instances and hosts, with traditional or RFC 3339 time stamps, and the journal.
//
// [Open] merges the files into one sequence of [Event] values in the order of time, of
// those lines that tell the life of a message: who sent it (smtpd), when its header came
// (cleanup), how many recipients it has in the queue (qmgr), who they are (smtp, lmtp,
// local, virtual …), and its end. Postfix does not document its log; what is read here is
// what Postfix 2.10 to 3.11 write, by their source.
//
// A traditional stamp has no year. It is inferred from when the file was written: see
// [Clock].
package maillog
