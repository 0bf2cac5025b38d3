// Package pitfall names what in a Postfix installation would let mail past rcptquota, or
// refuse mail without need.
//
// [Pitfalls] is the table of what can be wrong, and [Check] goes through it. A [Finding]
// has the commands that put it right. All are pure functions over the values that
// package postfix has read.
package pitfall
