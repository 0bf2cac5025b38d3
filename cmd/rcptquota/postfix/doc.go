// Package postfix reads a Postfix installation and names what in it would let mail
// past rcptquota, or refuse mail without need.
//
// [Read] has postconf(1) tell the values, each service's own: those of main.cf, with
// the "-o" of master.cf in their place and every $name expanded by Postfix itself. It
// also connects to the milter sockets as smtpd(8) would. What is right is decided
// afterwards, by pure functions over these values: [Pitfalls] is the table of what can
// be wrong, and [Check] goes through it. A [Finding] has the commands that put it right.
//
// The parameters are those of postconf(5), the columns those of master(5), and what
// Postfix does with milters is MILTER_README.
package postfix
