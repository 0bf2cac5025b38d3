// Command rcptquota is a milter that limits how many recipients one sender may
// reach, with one message and over a while, and who may post to mailing lists.
//
// It has one subcommand a file. serve answers Postfix; what it runs is in package service.
// check, probe, roster, replay and version need no running rcptquota, nor does report with
// files of a log; the others, and report without, ask it over its control socket (package
// control). Exit status: 0 when all went well, 1 when a check or a
// probe found what it looks for, 2 when the command could not run.
package main
