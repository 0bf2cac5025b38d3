// Package test tries rcptquota whole: the built program beside real Postfix,
// Dovecot and slapd, as a mail user and a postmaster meet it. The tests that start
// servers carry the build tag "servers".
//
// # Adding a case
//
// A case is a file testdata/script/NAME.txtar: what happens, line by line, then
// the files it needs, its configuration among them. One case alone runs with
//
//	go test -tags servers ./test -run TestScripts/NAME
//
// The language is that of testscript
// (https://pkg.go.dev/github.com/rogpeppe/go-internal/testscript), with the
// commands below. Cases run one after the other, against one Postfix, whose
// listeners "submission" and "inbound" ask the milter at $SUBMISSION and
// $INBOUND, and "refusing" asks, after that of submission, a milter that refuses
// every message at its end. Three services have a before-queue filter: "before" asks
// the milter at $BEFORE, and its filter is the sink; "filtered" and "owned" ask none,
// and their filter, which passes the login on with XCLIENT, sends to "behind", which
// asks the milter at $BEHIND; "owned" lets each login use its own address only. A
// rcptquota that a case leaves running is stopped at its end, and must then exit 0.
//
//	rcptquota start FILE       "rcptquota serve" with that configuration, in which
//	                           $NAME is replaced, and state_dir is $WORK unless the file
//	                           says otherwise; waits until it accepts connections.
//	                           With -log=full or -log=closed before FILE, its log is a
//	                           pipe that is full, or whose reader has ended
//	rcptquota term             SIGTERM
//	rcptquota hup              SIGHUP
//	rcptquota kill             SIGKILL, and waits for the end
//	rcptquota wait             waits for the end, which must be exit status 0
//	rcptquota stop             term and wait
//	[!] record [-count=N] RE   waits until a line of rcptquota's log matches, or
//	                           exactly N do; with "!", none does now: stop
//	                           rcptquota before, or wait for a later record
//	[!] maillog [-count=N] RE  the same of Postfix's mail log, since the case began
//
//	moment NAME DURATION       sets $NAME to the moment of the week, in UTC, that is so
//	                           long ahead: for a calendar that does not wait a week
//
//	slapd start FILE           a slapd at $LDAP_URL, with the tree of an LDIF file
//	                           below $LDAP_BASE; $TREES holds those of several cases.
//	                           With TLS it is $LDAPS_URL, and $LDAP_CA its authority;
//	                           $LDAP_BIND_DN may bind, with $LDAP_PASSWORD
//	slapd stop, slapd start    stops it, and starts it again with its tree
//	slapd freeze, slapd thaw   it falls silent, as behind a broken network
//	ldapmodify FILE            applies changes to it
//
// Mail to listes.test and ecole.test ends in a sink, which refuses recipients
// that begin with "gone"; other mail is discarded.
//
//	[!] delivered [-count=N] RE  waits until a delivery of the sink matches, or
//	                           exactly N do: the lines MAIL FROM and RCPT TO, then
//	                           the message; with "!", none does now
//
// The SMTP commands each print the replies for "stdout" to look at, runs of the
// same reply as one line with their number: "150x 250 2.1.5 Ok". They expect a
// positive reply; with "!", a refusal (4xx, 5xx).
//
//	connect [-name=N] LISTENER [LOGIN]  connects, says EHLO, and logs in with LOGIN
//	on N                       goes on with the connection of that name
//	[!] xclient ATTR=VALUE …   plays another client: ADDR=192.0.2.1 LOGIN=mdurand
//	[!] mail [ADDRESS [PARAMETER]]   MAIL FROM; <> for the null sender
//	[!] rcpt N                 RCPT TO for N addresses never used before
//	[!] rcpt -again N          the same for the latest N of these
//	[!] rcpt [-times=N] ADDRESS …  RCPT TO for these
//	[!] data                   DATA alone
//	[!] body [BYTES | FILE]    the text of the message, made longer, or that of a
//	                           file, in which \0 is a NUL; and the dot
//	[!] bdat                   both in one: BDAT, the text as its one chunk
//	until RE N|ADDRESS         sends messages to N recipients, or to one, until the
//	                           reply to one matches: for what changes once a cache's TTL is over
//	messages COUNT N           sends so many messages to N recipients each, which pass
//	[!] rset
//	quit                       QUIT
//	drop                       closes the connection without a word
//
// A pitfall of "check --postfix" is a file testdata/postfix/NAME.txtar: what is wrong
// with a Postfix that is otherwise as deploy/postfix says, and what must be found; see
// checkpostfix_test.go. With -update, what is found is written into the files.
//
// The manual's chapter of questions, deploy/postfix/questions.md, is written by questions_test.go:
// with -update, what its commands print is written into the chapter.
package test
