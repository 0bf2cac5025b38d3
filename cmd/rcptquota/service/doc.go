// Package service is a running rcptquota: it opens what a configuration describes, answers
// Postfix by it, and its own commands on the control socket, until it is told to stop.
package service
