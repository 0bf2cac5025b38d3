// Package alert tells the administrator what should not wait until somebody reads the
// log: the first refusal of a sender in a day, a sender close to the limit of a window, an
// outage that lasts, a roster that cannot be copied, a reload that failed.
//
// What is worth an alert is decided by pure functions (verdicts.go, states.go). An alert is
// raised once over all relays that share a Redis ([Redis]), is written to the log, and is
// sent by mail and to a webhook. A message never waits for any of this: what it causes goes
// into bounded queues, and what finds no room there is dropped and counted. What comes too
// fast is sent together, and once a day a digest lists everything.
//
// Alerts name senders, as the log does. They never name a recipient, nor a list.
package alert
