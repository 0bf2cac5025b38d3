// Package logfile opens logs, whoever wrote them, and reads them line by line: plain
// files, rotated ones that gzip or bzip2 compressed, standard input, and the journal as
// "journalctl -o json" writes it.
//
// A log can be read while it is written, may be cut off in the middle, and holds what
// strangers typed. So a line has a greatest length, what cannot be read is counted
// ([Trouble]) and never ends the work, and memory does not grow with the log.
package logfile
