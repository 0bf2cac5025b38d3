// Package postfix reads a Postfix installation, for package pitfall to judge.
//
// [Read] has postconf(1) tell the values, each service's own: those of main.cf, with
// the "-o" of master.cf in their place and every $name expanded by Postfix itself. It
// also connects to the milter sockets as smtpd(8) would; where one of systemd's listens,
// its unit files tell (systemd.socket(5)). It decides nothing but what our
// sockets are, and what a service is for ([Role]).
//
// The parameters are those of postconf(5), the columns those of master(5), and what
// Postfix does with milters is MILTER_README.
package postfix
