// Command rcptquota is a milter that limits how many recipients one sender may
// reach, with one message and over a while, and who may post to mailing lists.
//
// It has one subcommand a file. serve answers Postfix; what it runs is in package service.
// check, roster, replay and version need no running rcptquota, nor does report with files
// of a log. probe asks a milter's socket; the others, and report without files, ask the
// running rcptquota over its control socket (package control).
//
// Exit status: 0 when all went well, 1 when the command did its work and the answer is no
// (a mistake was found, a message would not pass, something does not work, a reload was
// refused), 2 when the command could not run.
package main
