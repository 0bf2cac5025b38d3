// Package reply builds the SMTP replies of rcptquota: from a [quota.Verdict], the texts
// of the configuration and Postfix's queue id to the one line that a mail user reads. It
// knows no wire, so that a command shows the very reply that Postfix would get.
//
// A reply is a code, an enhanced code (RFC 3463) and one line of printable ASCII, at most
// as long as RFC 5321 allows. It never names a recipient.
//
// A new text is a field of [Config] or [ListConfig], whose comment is its line in the manual
// ("go generate ./cmd/rcptquota"); a row in texts; a sentence each in french.go and
// english.go; and a case in template or refusal. A verdict in reply_test.go shows it; its
// flag -update writes the golden file. A new [quota.Reason] also needs its words for
// explain, in package service, and perhaps an alert, in package alert.
package reply
