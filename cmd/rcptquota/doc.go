// Command rcptquota is a milter that limits how many recipients one sender may
// reach with one message.
//
// It has one subcommand a file: serve answers Postfix, check reads the
// configuration and tells every mistake, probe plays one message to a running
// milter as Postfix would, reload has a running rcptquota read its configuration
// anew, roster shows or renews the roster of premium senders, status tells how a
// running rcptquota fares, version tells what was built. Exit status: 0 when all
// went well, 1 when a check or a probe found what it looks for, 2 when the command
// could not run.
package main
