// Package replay tells from Postfix's log whom the configured limits and windows would
// have refused: the question before switching them on.
//
// A follower puts the lines of the log together into messages. A judge asks the real
// rules ([quota.Policy]) about each, with the windows of [local.Simulated] on the clock
// of the log. A [Result] adds up the answers.
//
// # What a log knows, and what not
//
// A milter sees the recipients that the client gives. The log has those of the deliveries,
// after aliases were expanded (then with orig_to=, what the client gave) and after other
// programs added or removed some, the number in the queue (nrcpt=), and at the end of a
// session how many RCPT commands were accepted. Where these agree, the recipients are
// known. Where they do not, there are a least and a most:
//
//   - at least the recipients by name, at most as many as RCPT commands were accepted, or,
//     where the log does not say, as are in the queue;
//   - with more names than RCPT commands, or more that may be missing, something may have
//     added recipients, and nobody knows which: at least one.
//
// What the log cannot show at all is assumed: that nothing added or removed recipients where
// the numbers agree, and, where a session had several messages or Postfix is older than 3.0,
// in general.
//
// From there on a sender is counted twice, for the least and the most that may be in the
// windows. A message that would not fit even with the least is surely refused; one that
// fits even with the most surely passes; any other may be refused. It then counts in the
// most and not in the least, so that these are bounds, not guesses.
package replay
